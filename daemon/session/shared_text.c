/* SPDX-License-Identifier: ISC */
#include "daemon/session/shared_text.h"

#include <stdlib.h>

struct shared_text *shared_text_new(struct text *text)
{
        struct shared_text *shared = malloc(sizeof(*shared));
        char *bytes = shared ? realloc(text->bytes, text->length) : NULL;

        if (!bytes) {
                free(shared);
                return NULL;
        }
        *shared = (struct shared_text){.bytes = bytes, .length = text->length, .users = 1};
        text_init(text);
        return shared;
}

struct shared_text *shared_text_use(struct shared_text *shared)
{
        shared->users++;
        return shared;
}

void shared_text_drop(struct shared_text **shared)
{
        if (*shared && --(*shared)->users == 0) {
                free((*shared)->bytes);
                free(*shared);
        }
        *shared = NULL;
}
