#ifndef EDGE_TEMPLATE_H
#define EDGE_TEMPLATE_H

/*
 * Is the template what a slot can be made of: a directory with an executable `run`, files and directories
 * only, nothing in it that anyone but root (or our own uid) can write, its settings within their limits? 0,
 * or -1 with *culprit (the caller frees it) naming the path and *why what is wrong with it.
 */
int template_check(const char *path, char **culprit, const char **why);

#endif
