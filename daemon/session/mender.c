/* SPDX-License-Identifier: ISC */
#include "daemon/session/mender.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/bounds.h"
#include "daemon/session/listener.h"

/* Watches the directory that is at the path now, which may be another than the watched one. inotify tells
 * nothing of a symbolic link on the way to it, so then the mender polls as well. */
static void mender_watch(struct mender *mender)
{
        char directory[PATH_MAX], real[PATH_MAX];
        int wd;

        watch_open(&mender->watch, mender->look.handle.loop);
        snprintf(directory, sizeof(directory), "%s", mender->listeners[0]->path);
        *strrchr(directory, '/') = '\0';
        wd = watch_add_place(&mender->watch, directory, mender);
        if (wd != mender->wd)
                watch_remove(&mender->watch, mender->wd);
        mender->wd = wd < 0 ? -1 : wd;
        mender->polls = wd < 0 || !realpath(directory, real) || strcmp(directory, real) != 0;
}

static bool all_are_there(const struct mender *mender)
{
        bool there = true;

        for (size_t i = 0; i < MENDER_LISTENERS; i++)
                there = there && !listener_lack(mender->listeners[i]);
        return there;
}

/* Looks, and mends. The watch comes first, so that nothing is missed between look and watch. A directory that
 * was moved may be back in a moment, so only the second look makes it anew. */
static void mender_look(void *owner)
{
        struct mender *mender = owner;
        bool lost = false;

        mender_watch(mender);
        for (size_t i = 0; i < MENDER_LISTENERS; i++) {
                struct listener *listener = mender->listeners[i];

                listener_mend(listener, listener->lost == -ENOENT);
                lost = lost || listener->lost;
        }
        if (lost || mender->polls)
                timer_start(&mender->look, POLL_MSEC);
}

static void mender_noticed(void *owner, void *subject, enum watch_event event, const char *name)
{
        struct mender *mender = owner;

        if (event == WATCH_GONE)
                mender->wd = -1;
        if (mender->open && !timer_is_running(&mender->look) && (mender->wd < 0 || !all_are_there(mender)))
                timer_start(&mender->look, MENDER_MSEC);
}

void mender_open(struct mender *mender, uv_loop_t *loop, struct listener *first, struct listener *second)
{
        *mender = (struct mender){.wd = -1, .listeners = {first, second}, .open = true};
        watch_init(&mender->watch, mender_noticed, mender);
        timer_init(&mender->look, loop, mender_look, mender);
        mender_look(mender);
}

void mender_wake(struct mender *mender)
{
        if (mender->open && !timer_is_running(&mender->look))
                timer_start(&mender->look, MENDER_MSEC);
}

void mender_close(struct mender *mender)
{
        if (!mender->open)
                return;
        mender->open = false;
        watch_close(&mender->watch);
        timer_close(&mender->look, NULL);
}
