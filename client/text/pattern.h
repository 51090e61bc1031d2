/* SPDX-License-Identifier: ISC */
#ifndef CLIENT_TEXT_PATTERN_H
#define CLIENT_TEXT_PATTERN_H

#include <stdbool.h>
#include <stddef.h>

/*
 * A POSIX extended regular expression that is matched against many lines. It means what regexec(3) says where
 * text is UTF-8; but most lines are decided without regexec(3), which is slow.
 */
struct pattern;

#define PATTERN_PROBLEM_BYTES 128

/* How much of a text is looked at. */
#define PATTERN_TEXT_BYTES_MAX (16 * 1024)

/* Makes a pattern. Returns 0 or negative errno; -EINVAL: it is no such expression, and problem, of
 * PATTERN_PROBLEM_BYTES, says why in the words of the C library. */
int pattern_new(const char *expression, struct pattern **pattern, char *problem);
void pattern_free(struct pattern *pattern);

/* Whether some of the text matches. */
bool pattern_matches(struct pattern *pattern, const char *text, size_t length);

#define PATTERN_LITERALS_MAX 8

/* What a search in a block of lines knows already. All zero: nothing yet. */
struct pattern_search {
        const char *next[PATTERN_LITERALS_MAX];
};

/* Returns a byte of the first line that may match, among many with newlines between them, or the end of that
 * line. NULL: no line matches. end: the end of the last line. search: kept from one call to the next, as long
 * as the bytes and their end stay the same. */
const char *pattern_find(struct pattern *pattern, struct pattern_search *search, const char *begin,
                         const char *end);

/* Whether pattern_find() can rule lines out; else it is not to be called. */
bool pattern_can_find(const struct pattern *pattern);

#endif
