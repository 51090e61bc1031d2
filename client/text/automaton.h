/* SPDX-License-Identifier: ISC */
#ifndef CLIENT_TEXT_AUTOMATON_H
#define CLIENT_TEXT_AUTOMATON_H

#include <stdbool.h>
#include <stddef.h>

/*
 * A POSIX extended regular expression as an automaton over bytes, which needs a look or two for each byte,
 * whatever the text is like. Pure; it uses no memory beyond its own struct.
 */
struct automaton;

/* Makes an automaton of an expression that regcomp(3) took. NULL: memory is short, or the expression has
 * something in it that is better left to regexec(3), like an extension of one C library. */
struct automaton *automaton_new(const char *expression);
void automaton_free(struct automaton *automaton);

/*
 * Whether some of the text matches. No match is ever missed, and in ASCII text nothing else is found. Beyond
 * ASCII a loose automaton takes any run of bytes for one character, and so may find more than matches.
 */
bool automaton_finds(struct automaton *automaton, const char *text, size_t length);
bool automaton_is_loose(const struct automaton *automaton);

/*
 * Returns where, among many lines with newlines between them, the first line may be that matches: a byte of
 * that line, or its end. NULL: no line matches. Only to be called where automaton_can_scan(): the expression
 * can match anywhere in a line, and does not match every line.
 */
const char *automaton_scan(struct automaton *automaton, const char *begin, const char *end);
bool automaton_can_scan(const struct automaton *automaton);

#endif
