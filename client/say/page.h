/* SPDX-License-Identifier: ISC */
#ifndef CLIENT_SAY_PAGE_H
#define CLIENT_SAY_PAGE_H

#include "client/terminal/look.h"

struct json_object;
struct logtail;

/* One service as a page. Pure: text that ends in a newline; free() it. NULL when out of memory. */

/* What it is, label by label, and what to do if something is wrong. service: a Service. */
char *page_text(struct json_object *service, const struct look *look);

/* Its last lines, of which each is cut after three rows of the terminal. */
char *page_log_text(const struct logtail *tail, const struct look *look);

/* Says in the place of the lines why there are none. error: a negative errno. */
const char *page_log_problem(int error);

/* What why_init() says, a paragraph each. */
char *page_why_text(struct json_object *service, const struct look *look);

#endif
