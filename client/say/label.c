/* SPDX-License-Identifier: ISC */
#include "client/say/label.h"

#include <stdlib.h>
#include <string.h>

#include "client/terminal/look.h"
#include "client/text/printable.h"
#include "client/text/width.h"
#include "proto/name.h"

size_t label_prefix(const char *name)
{
        size_t length = strlen(GATEWAY_PREFIX);

        return strncmp(name, GATEWAY_PREFIX, length) == 0 ? length : 0;
}

char *label_text(const char *name, size_t columns, const struct look *look)
{
        char *text = printable_text(name, look->printable), *cut;

        if (!text || look->columns == 0 || width_of(text) <= columns)
                return text;
        cut = width_cut(text + label_prefix(text), columns, look->utf8 ? "…" : "~");
        free(text);
        return cut;
}

void label_write(FILE *file, const char *name, size_t columns, const struct look *look)
{
        char *text = label_text(name, columns, look);
        size_t width = text ? width_of(text) : 0;

        fprintf(file, "%s%*s", text ? text : "", (width < columns ? (int)(columns - width) : 0) + 2, "");
        free(text);
}
