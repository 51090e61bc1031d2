/* SPDX-License-Identifier: ISC */
#ifndef CLIENT_GRAMMAR_H
#define CLIENT_GRAMMAR_H

#include <stdbool.h>
#include <stddef.h>

#include "client/talk/options.h"
#include "client/text/pattern.h"

/* The options that there are, and what is said about words that mean nothing. */

/* What is wrong with a command line. */
struct problem {
        const char *subject; /* the argument that is wrong; points into argv or at a constant */
        const char *what;
        const char *next;                 /* what to do */
        char text[PATTERN_PROBLEM_BYTES]; /* room for `what`, where that is no constant */
        const char *meant; /* what was meant instead of subject, if that can be guessed; else NULL */
};

enum option_value {
        VALUE_NONE = 0,
        VALUE_NEEDED,   /* --name=value or --name value */
        VALUE_OPTIONAL, /* --name=value only */
};

struct option_row {
        uint64_t option;
        enum option_value value;
        const char *letter;  /* like "-f"; NULL: none */
        const char *name;    /* like "--follow" */
        const char *usage;   /* of its value, for --help: what follows the name; "" for none */
        const char *summary; /* for --help; NULL: the next row's is for both; "": its verbs' usage has it */
        bool costly;         /* like a verb's: never proposed for a mistyped word */
        size_t flag;         /* offset of the field of struct options that it sets to true; 0: none */
        /* Takes the value, or says in *problem what is wrong with it. NULL: the option has no value. */
        bool (*take)(struct options *options, const char *value, struct problem *problem);
};

/* The rows stand in the order of --help. */
extern const struct option_row grammar_options[];
extern const size_t grammar_options_count;

#define SEE_HELP "see 'svcctl --help'"

/* Note in *problem what is wrong. They always return false. */
bool grammar_wrong(struct problem *problem, const char *subject, const char *what, const char *next);
bool grammar_unknown_option(const char *argument, struct problem *problem);
bool grammar_unknown_verb(const char *word, struct problem *problem);

/* Finds the option of an argument like --name=value or -l=value. *name: the option's name or letter, as it
 * was given. *value: what is behind the =, else NULL. Returns NULL if there is no such option. */
const struct option_row *grammar_find_option(const char *argument, const char **name, const char **value);

/* Whether a word is a state that --wait can wait for. */
bool grammar_is_goal(const char *word);

#endif
