/* SPDX-License-Identifier: ISC */
#ifndef EDGE_INTERPRETER_H
#define EDGE_INTERPRETER_H

#include <stddef.h>

/* The kernel looks at this many bytes of a file for its #! line (BINPRM_BUF_SIZE). */
#define INTERPRETER_LINE_BYTES 256

/* What executes a script. */
struct interpreter {
        char path[INTERPRETER_LINE_BYTES];     /* as the line has it */
        char argument[INTERPRETER_LINE_BYTES]; /* the first word behind it; "": none */
};

/* Parses the beginning of a file. 1: it is a script, *interpreter is set; 0: it is none, or names no
 * interpreter. Pure. */
int interpreter_parse(const char *bytes, size_t length, struct interpreter *interpreter);

/* The same of a file, following links: the path must be safe. Or a negative errno; -EINVAL for what is no
 * regular file. */
int interpreter_read(const char *path, struct interpreter *interpreter);

#endif
