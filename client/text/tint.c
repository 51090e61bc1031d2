/* SPDX-License-Identifier: ISC */
#include "client/text/tint.h"

#include <stdlib.h>

static const char *tint_code(enum tint tint)
{
        switch (tint) {
        case TINT_PLAIN:
                return NULL;
        case TINT_GOOD:
                return "32";
        case TINT_BUSY:
                return "33";
        case TINT_BAD:
                return "31";
        case TINT_DIM:
                return "2";
        }
        return NULL;
}

void tint_write(FILE *file, const char *text, enum tint tint, bool colour)
{
        const char *code = colour ? tint_code(tint) : NULL;

        if (code)
                fprintf(file, "\033[%sm%s\033[0m", code, text);
        else
                fputs(text, file);
}

void tint_print(FILE *file, const char *text, enum printable printable, enum tint tint, bool colour)
{
        char *copy = printable_text(text, printable);

        if (copy)
                tint_write(file, copy, tint, colour);
        free(copy);
}
