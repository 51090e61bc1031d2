/* SPDX-License-Identifier: ISC */
#ifndef CLIENT_TOP_PAGE_H
#define CLIENT_TOP_PAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "client/talk/errand.h"
#include "client/terminal/look.h"
#include "client/top/view.h"

struct logwindow;

/* What `top` shows of one service, on the whole terminal or, of its log, below the list; or what its keys do. */

enum page_kind { PAGE_NONE = 0, PAGE_KEYS, PAGE_WHY, PAGE_HISTORY, PAGE_LOG };

struct page {
        const struct options *options;
        enum page_kind kind;
        char name[VIEW_NAME_BYTES]; /* of the service; "" of the keys */
        bool at_end;                /* what is added at the end stays in sight */
        bool changed;               /* since the caller set it to false */
        struct errand errand;       /* History */
        int64_t again_msec;         /* when to ask anew, or to look for a log that is not there */
        struct json_object *events; /* an array; NULL: nothing came yet */
        char *problem;              /* why there is nothing; NULL: there is something */
        char *directory;            /* of the log; NULL: it has none */
        struct logwindow *window;   /* NULL: there is no log */
        int log_error;              /* why */
};

/* options: not owned. */
void page_init(struct page *page, const struct options *options);

/* Leaves what is shown, and shows another; service: NULL for PAGE_KEYS. */
void page_open(struct page *page, enum page_kind kind, struct json_object *service);
void page_close(struct page *page);

/* Takes what came. */
void page_turn(struct page *page);

/* What to wait for, and until when at most; -1: no descriptor. */
int page_fd(const struct page *page, short *events);
int64_t page_next_msec(const struct page *page);

/* Lines that end in newlines; free() them. NULL when out of memory. service: as it is now; NULL: it is gone. rows: that are
 * seen of the end of a log; 0: all of it is asked for. */
char *page_contents(const struct page *page, struct json_object *service, const struct look *look,
                    size_t rows);

/* "gateway-coder: history". buffer: PAGE_TITLE_BYTES. */
#define PAGE_TITLE_BYTES 512
const char *page_title(const struct page *page, struct json_object *service, char *buffer);

#endif
