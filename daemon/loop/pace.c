/* SPDX-License-Identifier: ISC */
#include "daemon/loop/pace.h"

/* Each time that the loop is about to wait. */
static void on_turn(uv_prepare_t *turn)
{
        struct pace *pace = turn->data;
        uint64_t now = uv_hrtime(), idle = uv_metrics_idle_time(turn->loop);
        uint64_t passed = now - pace->seen_nsec, waited = idle - pace->idle_nsec;
        uint64_t busy = passed > waited ? passed - waited : 0;

        pace->seen_nsec = now;
        pace->idle_nsec = idle;
        pace->turns++;
        pace->busy_nsec += busy;
        if (busy > pace->longest_nsec)
                pace->longest_nsec = busy;
}

void pace_open(struct pace *pace, uv_loop_t *loop)
{
        *pace = (struct pace){.seen_nsec = uv_hrtime()};
        uv_loop_configure(loop, UV_METRICS_IDLE_TIME);
        uv_prepare_init(loop, &pace->turn);
        pace->turn.data = pace;
        uv_prepare_start(&pace->turn, on_turn);
        uv_unref((uv_handle_t *)&pace->turn);
}

void pace_close(struct pace *pace)
{
        uv_close((uv_handle_t *)&pace->turn, NULL);
}
