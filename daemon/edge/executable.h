/* SPDX-License-Identifier: ISC */
#ifndef EDGE_EXECUTABLE_H
#define EDGE_EXECUTABLE_H

/*
 * Why the kernel would not execute that file as root, as far as the file itself says: its mode, its file
 * system, its interpreter's. For people: a static string; NULL: nothing of that kind. Links are followed: its
 * path must be safe.
 */
const char *executable_problem(const char *path);

#endif
