/* SPDX-License-Identifier: ISC */
#include "client/talk/order.h"
#include "client/verbs/verb.h"

static enum outcome run(struct session *session)
{
        static const struct order order = {.method = "Reset", .word = "reset"};

        return order_run(session, &order);
}

const struct verb verb_reset = {
        .name = "reset",
        .usage = "NAME...",
        .summary = "forget the failures of gateways",
        .options = OPTIONS_SELECT | OPTION_DRY_RUN,
        .words_min = 1,
        .patterns = true,
        .orders = true,
        .words_max = WORDS_ANY,
        .missing = "give NAMEs",
        .run = run,
};
