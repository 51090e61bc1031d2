/* SPDX-License-Identifier: ISC */
#ifndef CLIENT_TEXT_AUTOMATON_H
#define CLIENT_TEXT_AUTOMATON_H

#include <stdbool.h>
#include <stddef.h>

/*
 * A POSIX extended regular expression as an automaton over bytes, which takes a look or two a byte, whatever the
 * text is like. Pure; its memory is bounded by its size.
 */
struct automaton;

/* expression: one that regcomp(3) took. NULL: memory is short, or it has something in it that is better left to
 * regexec(3), as an extension of one C library. */
struct automaton *automaton_new(const char *expression);
void automaton_free(struct automaton *automaton);

/*
 * Does some of the text match? What matches in a text is never missed; and in one of ASCII nothing else is found.
 * Beyond that an automaton that is loose takes any run of bytes for one character.
 */
bool automaton_finds(struct automaton *automaton, const char *text, size_t length);
bool automaton_is_loose(const struct automaton *automaton);

/*
 * Of many lines, with a newline between each and the next: where the first one may be that has something that
 * matches, at a byte of it or at its end. NULL: none does. Only of an expression that can match anywhere in a
 * line, and not all of it in any.
 */
const char *automaton_scan(struct automaton *automaton, const char *begin, const char *end);
bool automaton_can_scan(const struct automaton *automaton);

#endif
