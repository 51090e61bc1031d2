/* SPDX-License-Identifier: ISC */
#ifndef PROTO_SYSNAME_H
#define PROTO_SYSNAME_H

/*
 * What errors and signals are called, in one table for every C library: glibc and musl say different words
 * for the same error ("Device or resource busy", "Resource busy"), and only one of them knows a name. The
 * words are glibc's. tests/unit/proto_sysname.c holds the table against the C library that it is built with.
 */

/* "ENOENT"; "EUNKNOWN" if no errno is that number. */
const char *sysname_error(int error);

/* "No such file or directory"; "Unknown error" if no errno is that number. */
const char *sysname_error_words(int error);

/* "TERM", without the "SIG"; NULL for what has no name, as signals for real time have none. */
const char *sysname_signal(int signal);

#endif
