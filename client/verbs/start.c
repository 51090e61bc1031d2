/* SPDX-License-Identifier: ISC */
#include "client/talk/order.h"
#include "client/verbs/verb.h"

static enum outcome run(struct session *session)
{
        static const struct order order = {
                .method = "Start", .word = "start", .goal = "up", .not_served = true};

        return order_run(session, &order);
}

const struct verb verb_start = {
        .name = "start",
        .usage = "NAME... | --all",
        .summary = "start, and wait until up",
        .options = OPTION_ALL | OPTION_WAIT | OPTION_NO_WAIT | OPTIONS_SELECT | OPTION_DRY_RUN,
        .waits = WAIT_UP,
        .words_min = 1,
        .patterns = true,
        .orders = true,
        .words_max = WORDS_ANY,
        .missing = "give NAMEs or --all",
        .run = run,
};
