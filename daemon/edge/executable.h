/* SPDX-License-Identifier: ISC */
#ifndef EDGE_EXECUTABLE_H
#define EDGE_EXECUTABLE_H

/*
 * Why the kernel would not execute that file as root, as far as its kind, its size, its mode and its file
 * system say; its interpreter is not looked at. For people: a static string; NULL: nothing of that kind.
 * Links are followed, so the path must be safe.
 */
const char *executable_problem(const char *path);

#endif
