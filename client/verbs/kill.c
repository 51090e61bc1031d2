/* SPDX-License-Identifier: ISC */
#include "client/talk/order.h"
#include "client/verbs/verb.h"

static enum outcome run(struct session *session)
{
        const char *signal = session->options->signal;
        const struct order order = {.method = "Signal", .word = "kill", .signal = signal ? signal : "KILL"};

        return order_run(session, &order);
}

const struct verb verb_kill = {
        .name = "kill",
        .usage = "NAME...",
        .summary = "send a signal: KILL ends at once",
        .options = OPTION_SIGNAL | OPTIONS_SELECT | OPTION_DRY_RUN,
        .words_min = 1,
        .patterns = true,
        .orders = true,
        .words_max = WORDS_ANY,
        .missing = "give NAMEs",
        .costly = true,
        .run = run,
};
