/* SPDX-License-Identifier: ISC */
#include "client/text/template.h"

#include <string.h>

void template_write(FILE *file, const char *text, template_field *field, const void *context)
{
        while (*text) {
                size_t length = strcspn(text, "{");

                fwrite(text, 1, length, file);
                text += length;
                if (*text == '{') {
                        length = strcspn(text, "}");
                        field(file, text + 1, length - 1, context);
                        text += length + 1;
                }
        }
}
