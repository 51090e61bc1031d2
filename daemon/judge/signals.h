/* SPDX-License-Identifier: ISC */
#ifndef JUDGE_SIGNALS_H
#define JUDGE_SIGNALS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "daemon/judge/ending.h"

/*
 * Signals that a person may order. Each has a letter of s6-supervise's, which alone sends it: to its own child, whose
 * number nobody else can have yet. Pure.
 */
struct signal_row {
        const char *name; /* as the interface has it */
        int number;
        char letter;
        bool ends; /* it is sent to end the run, which may take its time */
};

#define SIGNALS 10

extern const struct signal_row signal_rows[SIGNALS];

/* Their names, ended by NULL, in that order. */
extern const char *const signal_names[SIGNALS + 1];

/* The row with that letter; NULL: it is none that stands for a signal. */
const struct signal_row *signals_of_letter(char letter);

/* What was ordered of the run with that pid. Sets have a bit for each row. */
struct signals {
        pid_t pid;
        unsigned short due;  /* not s6-supervise's yet */
        unsigned short sent; /* to it */
        int64_t sent_usec;   /* UTC, the last of them that ends a run; 0: none does */
};

/* Another signal, to the run with that pid. */
void signals_add(struct signals *signals, pid_t pid, unsigned row);

/* The letters of what is due for the run with that pid, in the order of the rows; none where it has ended. */
void signals_letters(const struct signals *signals, pid_t pid, char letters[SIGNALS + 1]);

/* It stands since it was ordered to, and nobody has ordered otherwise: nothing that was ordered before continues it. */
bool signals_stands(const struct signals *signals, pid_t pid);
void signals_forget_stop(struct signals *signals);

/* What another broker sent to it. sent_usec: as in struct signals; 0 also where it is not known. */
void signals_adopt(struct signals *signals, pid_t pid, unsigned sent, int64_t sent_usec);

/* They are s6-supervise's. */
void signals_note(struct signals *signals, int64_t now_usec);

/*
 * Did the run with that pid end by what was ordered? By that very signal, or within ending_msec of one that ends a run,
 * however it did.
 */
bool signals_ended(const struct signals *signals, pid_t pid, const struct ending *ending, int64_t ending_msec,
                   int64_t now_usec);

#endif
