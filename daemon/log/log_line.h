/* SPDX-License-Identifier: ISC */
#ifndef LOG_LOG_LINE_H
#define LOG_LOG_LINE_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include "daemon/bounds.h"
#include "daemon/log/log.h"

/* A line of the log as it is made: see log.h for what its formats are. */
struct line {
        char bytes[LOG_LINE_BYTES];
        size_t length;
        bool cut; /* takes nothing more */
};

/* All or nothing of these bytes. */
void line_append(struct line *line, const char *bytes, size_t length);
/* As far as there is room, each byte whole. */
void line_append_escaped(struct line *line, const char *value);

void line_begin(struct line *line, const char *format, va_list *arguments);
void line_end(struct line *line);
/* Both. */
void line_format(struct line *line, const char *format, va_list *arguments);
void line_make(struct line *line, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
