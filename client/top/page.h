/* SPDX-License-Identifier: ISC */
#ifndef CLIENT_TOP_PAGE_H
#define CLIENT_TOP_PAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "client/talk/errand.h"
#include "client/terminal/look.h"
#include "client/top/view.h"

struct logwindow;

/* What `top` shows of one service, on the whole terminal or, if that is its log, below the list; or what the
 * keys of `top` do. */

enum page_kind { PAGE_NONE = 0, PAGE_KEYS, PAGE_WHY, PAGE_HISTORY, PAGE_LOG };

struct page {
        const struct options *options;
        enum page_kind kind;
        char name[VIEW_NAME_BYTES]; /* the service's; "" for PAGE_KEYS */
        bool at_end;                /* what is added at the end stays in sight */
        bool changed;               /* something did since the caller set this to false */
        struct errand errand;       /* the call of History */
        int64_t again_msec;         /* when to ask again, or to look for a log that is not there */
        struct json_object *events; /* an array; NULL: nothing came yet */
        char *problem;              /* why there are no events; NULL: no problem */
        char *directory;            /* of the log; NULL: the service has none */
        struct logwindow *window;   /* NULL: there is no log */
        int log_error;              /* why there is no log: a negative errno */
};

/* Begins with PAGE_NONE. options: not owned. */
void page_init(struct page *page, const struct options *options);

/* Closes the page that is shown, and opens another. service: NULL for PAGE_KEYS. */
void page_open(struct page *page, enum page_kind kind, struct json_object *service);
void page_close(struct page *page);

/* Takes what came, and does what is due. */
void page_turn(struct page *page);

/* Return the descriptor and the events to wait for (-1: no descriptor), and until when at most. */
int page_fd(const struct page *page, short *events);
int64_t page_next_msec(const struct page *page);

/* Returns the page's lines, each of which ends in a newline: free() them. NULL when out of memory. service:
 * as it is now; NULL: it is gone. rows: how many lines of the end of a log are seen; 0: all of it is asked
 * for. */
char *page_contents(const struct page *page, struct json_object *service, const struct look *look,
                    size_t rows);

/* Writes the page's title, like "gateway-coder: history". buffer: PAGE_TITLE_BYTES. */
#define PAGE_TITLE_BYTES 512
const char *page_title(const struct page *page, struct json_object *service, char *buffer);

#endif
