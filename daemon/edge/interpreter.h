/* SPDX-License-Identifier: ISC */
#ifndef EDGE_INTERPRETER_H
#define EDGE_INTERPRETER_H

#include <stddef.h>

/* The kernel looks at this many bytes of a file for its #! line (BINPRM_BUF_SIZE). */
#define INTERPRETER_LINE_BYTES 256

/* What executes a script. */
struct interpreter {
        char path[INTERPRETER_LINE_BYTES];     /* as it stands there */
        char argument[INTERPRETER_LINE_BYTES]; /* the first word behind it; "": none */
};

/* The beginning of a file. 1: a script, *interpreter set; 0: none, or one without an interpreter. Pure. */
int interpreter_parse(const char *bytes, size_t length, struct interpreter *interpreter);

/* The same of a file, links followed: its path must be safe. A negative errno; -EINVAL for no regular
 * file. */
int interpreter_read(const char *path, struct interpreter *interpreter);

#endif
