/* SPDX-License-Identifier: ISC */
#ifndef CLIENT_TEXT_PATTERN_H
#define CLIENT_TEXT_PATTERN_H

#include <stdbool.h>
#include <stddef.h>

/*
 * A POSIX extended regular expression, held against many lines. What it means is what regexec(3) says where text
 * is UTF-8; most lines are told apart without that, which is slow.
 */
struct pattern;

#define PATTERN_PROBLEM_BYTES 128

/* A text that is longer is looked at so far only. */
#define PATTERN_TEXT_BYTES_MAX (16 * 1024)

/* 0 or negative errno; -EINVAL: it is no such expression, and problem, of PATTERN_PROBLEM_BYTES, says why in the
 * words of the C library. */
int pattern_new(const char *expression, struct pattern **pattern, char *problem);
void pattern_free(struct pattern *pattern);

/* Does some of the text match? */
bool pattern_matches(struct pattern *pattern, const char *text, size_t length);

#define PATTERN_LITERALS_MAX 8

/* What a search in a block of lines knows already: nothing, where all is zero. */
struct pattern_search {
        const char *next[PATTERN_LITERALS_MAX];
};

/* Of many lines: where the first one may be that matches, at any byte of it. NULL: none does. Between lines are
 * newlines; end: of the last. search: of the same block of bytes, whose end is the same. */
const char *pattern_find(struct pattern *pattern, struct pattern_search *search, const char *begin,
                         const char *end);

/* Whether pattern_find() knows more than that any line may match; else it is not to be called. */
bool pattern_can_find(const struct pattern *pattern);

#endif
