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

void tint_write_name(FILE *file, const char *name, size_t number, bool colour)
{
        static const char *const codes[] = {"36", "33", "32", "35", "34", "31"};

        if (colour)
                fprintf(file, "\033[%sm%s\033[0m", codes[number % (sizeof(codes) / sizeof(codes[0]))], name);
        else
                fputs(name, file);
}
