/* SPDX-License-Identifier: ISC */
#include "daemon/loop/pace.h"

/* When this turn of the process's one loop began; 0: the loop waits. */
static uint64_t began_nsec;

void pace_woken(void)
{
        if (!began_nsec)
                began_nsec = uv_hrtime();
}

/* Called each time that the loop has waited, for the case that nothing it was woken for has said so. */
static void on_woken(uv_check_t *woken)
{
        (void)woken;
        pace_woken();
}

/* Called each time that the loop is about to wait. */
static void on_turn(uv_prepare_t *turn)
{
        struct pace *pace = turn->data;
        uint64_t now = uv_hrtime(), busy = began_nsec && now > began_nsec ? now - began_nsec : 0;

        began_nsec = 0;
        pace->turns++;
        pace->busy_nsec += busy;
        if (busy > pace->longest_nsec)
                pace->longest_nsec = busy;
}

void pace_open(struct pace *pace, uv_loop_t *loop)
{
        *pace = (struct pace){.turns = 0};
        uv_prepare_init(loop, &pace->turn);
        uv_check_init(loop, &pace->woken);
        pace->turn.data = pace;
        uv_prepare_start(&pace->turn, on_turn);
        uv_check_start(&pace->woken, on_woken);
        uv_unref((uv_handle_t *)&pace->turn);
        uv_unref((uv_handle_t *)&pace->woken);
        pace_woken();
}

void pace_close(struct pace *pace)
{
        uv_close((uv_handle_t *)&pace->turn, NULL);
        uv_close((uv_handle_t *)&pace->woken, NULL);
}
