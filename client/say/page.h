/* SPDX-License-Identifier: ISC */
#ifndef CLIENT_SAY_PAGE_H
#define CLIENT_SAY_PAGE_H

#include "client/terminal/look.h"

struct json_object;
struct logtail;

/* One service as a page. Pure. The texts end in a newline: free() them. NULL when out of memory. */

/* Returns how the service is, label by label, and what to do if something is wrong. service: a Service. */
char *page_text(struct json_object *service, const struct look *look);

/* Returns the last lines of the service's log, each cut after three rows of the terminal. */
char *page_log_text(const struct logtail *tail, const struct look *look);

/* Returns why there are no lines, to be shown in their place; a constant. error: a negative errno. */
const char *page_log_problem(int error);

/* Returns what why_init() says, each part as a paragraph. */
char *page_why_text(struct json_object *service, const struct look *look);

#endif
