/* SPDX-License-Identifier: ISC */
#include "client/text/suggest.h"

#include <stdint.h>
#include <string.h>

static size_t least(size_t one, size_t other)
{
        return one < other ? one : other;
}

size_t suggest_distance(const char *one, const char *other)
{
        /* Three rows of the usual table: for the prefix that is looked at, the last one, and the one
         * before. */
        size_t rows[3][SUGGEST_WORD_BYTES_MAX + 1];
        size_t *before = rows[0], *last = rows[1], *row = rows[2];
        size_t one_length = strnlen(one, SUGGEST_WORD_BYTES_MAX + 1);
        size_t other_length = strnlen(other, SUGGEST_WORD_BYTES_MAX + 1);

        if (one_length > SUGGEST_WORD_BYTES_MAX || other_length > SUGGEST_WORD_BYTES_MAX)
                return SIZE_MAX;
        for (size_t j = 0; j <= other_length; j++)
                row[j] = j;
        for (size_t i = 1; i <= one_length; i++) {
                size_t *spare = before;

                before = last;
                last = row;
                row = spare;
                row[0] = i;
                for (size_t j = 1; j <= other_length; j++) {
                        row[j] = last[j - 1] + (one[i - 1] != other[j - 1]);
                        row[j] = least(row[j], least(last[j], row[j - 1]) + 1);
                        if (i > 1 && j > 1 && one[i - 1] == other[j - 2] && one[i - 2] == other[j - 1])
                                row[j] = least(row[j], before[j - 2] + 1);
                }
        }
        return row[other_length];
}

void suggest_init(struct suggestion *suggestion, const char *word)
{
        /* With over a third of it changed, it is another word rather than a mistyped one. */
        size_t dashes = strspn(word, "-"); /* all options have these, so they do not count */
        size_t most =
                (strnlen(word, SUGGEST_WORD_BYTES_MAX) - (dashes < SUGGEST_WORD_BYTES_MAX ? dashes : 0)) / 3;

        *suggestion = (struct suggestion){.word = word, .distance = (most > 0 ? most : 1) + 1};
}

void suggest_offer(struct suggestion *suggestion, const char *candidate)
{
        size_t distance = suggest_distance(suggestion->word, candidate);

        /* If as many changes are needed as the candidate has letters, nothing of the word is left. */
        if (distance >= suggestion->distance || distance >= strlen(candidate))
                return;
        suggestion->distance = distance;
        suggestion->nearest = candidate;
}
