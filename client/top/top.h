/* SPDX-License-Identifier: ISC */
#ifndef CLIENT_TOP_TOP_H
#define CLIENT_TOP_TOP_H

#include <stdbool.h>
#include <stdint.h>

#include "client/say/list.h"
#include "client/talk/feed.h"
#include "client/terminal/canvas.h"
#include "client/terminal/field.h"
#include "client/terminal/keys.h"
#include "client/terminal/pane.h"
#include "client/terminal/screen.h"
#include "client/top/messages.h"
#include "client/top/orders.h"
#include "client/top/page.h"
#include "client/top/view.h"
#include "client/usage/usage.h"

/* What `top` knows, for its parts: picture.c shows it, command.c changes it as keys say. */

enum asking {
        ASKING_NOTHING = 0,
        ASKING_KILL,   /* whether to kill top->asked */
        ASKING_SEARCH, /* for a name */
};

struct top {
        struct feed feed;
        struct screen screen;
        struct canvas canvas;
        size_t rows, columns; /* of the terminal */
        struct pane list;
        struct pane page_pane;
        struct keys keys;
        struct usages usages;
        struct view view;
        struct messages messages;
        struct orders orders;
        struct page page;
        bool page_whole; /* it has the whole terminal, whatever room there is */
        enum asking asking;
        char asked[VIEW_NAME_BYTES]; /* which service a question is of */
        struct field search;
        char searched_from[VIEW_NAME_BYTES]; /* what was chosen before */
        char container[LIST_CONTAINER_BYTES];
        int64_t draw_msec;   /* when to draw next */
        int64_t escape_msec; /* when what has begun is no sequence any more */
        int64_t paste_msec;  /* until when what comes belongs to what was pasted */
        bool ended;
        bool terminal_lost;
        bool memory_short;
        int signal_number; /* why it ended, if it was a signal; else 0 */
};

#endif
