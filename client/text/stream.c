/* SPDX-License-Identifier: ISC */
#include "client/text/stream.h"

#include <stdlib.h>

char *stream_text(FILE *file, char **text)
{
        if (!file)
                return NULL;
        if (fclose(file) == 0)
                return *text;
        free(*text);
        return NULL;
}
