/* SPDX-License-Identifier: ISC */
#include "client/text/wrap.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "client/text/width.h"

/* Where a line has less room than this, nothing is broken, and the terminal may do so. */
#define ROOM_MIN 8

static size_t next_line(FILE *file, size_t indent)
{
        fprintf(file, "\n%*s", (int)indent, "");
        return indent;
}

size_t wrap_longest(const char *text)
{
        size_t longest = 0;

        while (*text) {
                size_t length = strcspn(text, " ");

                size_t width = width_of_bytes(text, length);

                longest = width > longest ? width : longest;
                text += length + strspn(text + length, " ");
        }
        return longest;
}

void wrap_write(FILE *file, const char *text, size_t at, size_t indent, size_t columns)
{
        size_t used = at;
        bool begun = false; /* this line has a word */

        if (columns < indent + ROOM_MIN || columns < at + ROOM_MIN) {
                fputs(text, file);
                return;
        }
        while (*text) {
                size_t length = strcspn(text, " ");
                size_t width = width_of_bytes(text, length);

                if (begun && used + 1 + width > columns) {
                        used = next_line(file, indent);
                } else if (begun) {
                        putc(' ', file);
                        used++;
                }
                while (width > columns - used) {
                        size_t part = width_fit(text, length, columns - used);

                        fwrite(text, 1, part, file);
                        text += part;
                        length -= part;
                        width = width_of_bytes(text, length);
                        used = next_line(file, indent);
                }
                fwrite(text, 1, length, file);
                used += width;
                text += length;
                text += strspn(text, " ");
                begun = true;
        }
}

void wrap_line(FILE *file, const char *text, size_t at, size_t indent, size_t columns)
{
        wrap_write(file, text, at, indent, columns);
        putc('\n', file);
}

void wrap_print(FILE *file, const char *text, enum printable printable, size_t at, size_t indent,
                size_t columns)
{
        char *shown = printable_text(text, printable);

        wrap_line(file, shown ? shown : "", at, indent, columns);
        free(shown);
}
