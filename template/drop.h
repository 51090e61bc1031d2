/* SPDX-License-Identifier: ISC */
#ifndef TEMPLATE_DROP_H
#define TEMPLATE_DROP_H

#include <sys/types.h>

/* Becomes that user, for good, and looks whether it is. The account files are read into `text`. 1: done, or we are
 * not root's and have nothing to give up; 0: they have no such account; or a negative errno. */
int drop(const char *user, char *text, size_t size);

#endif
