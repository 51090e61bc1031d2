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

/* The state of `top`, for its parts: picture.c shows it, command.c changes it as keys say. */

enum asking {
        ASKING_NOTHING = 0,
        ASKING_KILL,   /* whether to kill top->asked */
        ASKING_SEARCH, /* which name to search for */
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
        bool page_whole; /* the page has the whole terminal, whatever room there is */
        enum asking asking;
        char asked[VIEW_NAME_BYTES]; /* the service that a question is about */
        struct field search;
        char searched_from[VIEW_NAME_BYTES];  /* the service that was chosen before the search */
        char container[LIST_CONTAINER_BYTES]; /* the title's words about its memory; "": none */
        int64_t draw_msec;                    /* when to draw next */
        int64_t escape_msec;                  /* when a key sequence that has begun is given up */
        int64_t paste_msec;                   /* until when what comes belongs to a pasted text */
        bool ended;
        bool terminal_lost;
        bool memory_short;
        int signal_number; /* the signal that ended `top`; 0: none did */
};

#endif
