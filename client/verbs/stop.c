/* SPDX-License-Identifier: ISC */
#include "client/talk/order.h"
#include "client/verbs/verb.h"

static enum outcome run(struct session *session)
{
        static const struct order order = {.method = "Stop", .word = "stop", .goal = "down"};

        return order_run(session, &order);
}

const struct verb verb_stop = {
        .name = "stop",
        .usage = "NAME... | --all",
        .summary = "stop, and wait until down",
        .options = OPTION_ALL | OPTION_WAIT | OPTION_NO_WAIT | OPTIONS_SELECT | OPTION_DRY_RUN |
                   OPTION_KILL_AFTER,
        .waits = WAIT_DOWN,
        .words_min = 1,
        .patterns = true,
        .orders = true,
        .words_max = WORDS_ANY,
        .missing = "give NAMEs or --all",
        .costly = true,
        .run = run,
};
