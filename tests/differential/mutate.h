/* SPDX-License-Identifier: ISC */
#ifndef DIFFERENTIAL_MUTATE_H
#define DIFFERENTIAL_MUTATE_H

#include <stddef.h>

struct sample {
        char *bytes;
        size_t length;
};

/* A number below that, of a row that is the same everywhere. */
size_t chance(size_t below);

/* Spoils the text, which has room for that many bytes, a little: perhaps with the word, or with some of the
 * other. */
void mutate(struct sample *text, size_t room, const struct sample *word, const struct sample *other);

#endif
