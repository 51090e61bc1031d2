/* SPDX-License-Identifier: ISC */
#ifndef CLIENT_TEXT_SUGGEST_H
#define CLIENT_TEXT_SUGGEST_H

#include <stddef.h>

/* Guesses what a mistyped word was meant to be. */

/* A longer word is not compared: nobody types it by hand. */
#define SUGGEST_WORD_BYTES_MAX 64

/*
 * Returns how many insertions, removals and changes of one byte, and swaps of two neighbours, lead from one
 * word to the other; no byte is edited twice. SIZE_MAX if a word is longer than SUGGEST_WORD_BYTES_MAX.
 */
size_t suggest_distance(const char *one, const char *other);

/* The candidate nearest to a mistyped word, of those that are near enough. */
struct suggestion {
        const char *word;
        const char *nearest; /* NULL: none yet */
        size_t distance;
};

void suggest_init(struct suggestion *suggestion, const char *word);

/* Offers a candidate, which must live as long as the suggestion. Of two that are equally near, the earlier
 * stays. */
void suggest_offer(struct suggestion *suggestion, const char *candidate);

#endif
