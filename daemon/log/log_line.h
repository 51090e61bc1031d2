/* SPDX-License-Identifier: ISC */
#ifndef LOG_LOG_LINE_H
#define LOG_LOG_LINE_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include "daemon/bounds.h"
#include "daemon/log/log.h"

/* A line of the log while it is made; log.h says what formats may hold. */
struct line {
        char bytes[LOG_LINE_BYTES];
        size_t length;
        bool cut; /* something did not fit: nothing more is appended */
};

/* Appends all of these bytes, or none of them where the line has no room: then it is cut. */
void line_append(struct line *line, const char *bytes, size_t length);
/* Appends the value's bytes, escaped as log.h says, each whole or not at all. NULL: "(null)". */
void line_append_escaped(struct line *line, const char *value);

/* Makes a line of a format, but for its end; more may be appended then. */
void line_begin(struct line *line, const char *format, va_list *arguments);
/* Appends the mark of a line that was cut, if it was, and the newline. */
void line_end(struct line *line);
/* line_begin() and line_end(). */
void line_format(struct line *line, const char *format, va_list *arguments);
void line_make(struct line *line, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
