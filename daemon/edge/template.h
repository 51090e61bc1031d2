/* SPDX-License-Identifier: ISC */
#ifndef EDGE_TEMPLATE_H
#define EDGE_TEMPLATE_H

/*
 * Is the template what a slot can be made of: a directory with an executable `run`, files and directories
 * only, nothing in it that anyone but root (or our own uid) can write, no notification-fd, its settings
 * within their limits? 0. Else *culprit (the caller frees it; NULL: no memory) names the path, and *why says
 * what is wrong with it: 1, or a negative errno where it could not be looked at.
 */
int template_check(const char *path, char **culprit, const char **why);

#endif
