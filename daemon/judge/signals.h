/* SPDX-License-Identifier: ISC */
#ifndef JUDGE_SIGNALS_H
#define JUDGE_SIGNALS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "daemon/judge/ending.h"

/*
 * Signals that a person may order. Each has a letter of s6-supervise's, and only s6-supervise sends signals:
 * to its own child, whose pid no other process can have yet. Pure.
 */
struct signal_row {
        const char *name; /* as the interface has it */
        int number;
        char letter;
        bool ends; /* the signal is sent to end the run, which may take its time */
};

#define SIGNALS 10

extern const struct signal_row signal_rows[SIGNALS];

/* The names of signal_rows, in that order, ended by NULL. */
extern const char *const signal_names[SIGNALS + 1];

/* The row with that letter; NULL: the letter stands for no signal. */
const struct signal_row *signals_of_letter(char letter);

/* The signals that were ordered for the run with that pid. Sets have a bit for each row. */
struct signals {
        pid_t pid;
        unsigned short due;  /* the set that s6-supervise was not sent yet */
        unsigned short sent; /* the set that s6-supervise was sent */
        int64_t sent_usec;   /* UTC: when the last signal that ends a run was sent; 0: none was */
};

/* Adds a signal for the run with that pid; signals for another run are forgotten. */
void signals_add(struct signals *signals, pid_t pid, unsigned row);

/* Writes the letters of the signals due for the run with that pid, in the order of the rows; none where the
 * run has ended. */
void signals_letters(const struct signals *signals, pid_t pid, char letters[SIGNALS + 1]);

/* Was the run with that pid sent STOP by order, and neither a CONT nor another goal was ordered since? Then
 * no older order continues it. signals_forget_stop(): something else was ordered. */
bool signals_stands(const struct signals *signals, pid_t pid);
void signals_forget_stop(struct signals *signals);

/* Takes what another broker sent to that run. sent_usec: as in struct signals; 0 also where not known. */
void signals_adopt(struct signals *signals, pid_t pid, unsigned sent, int64_t sent_usec);

/* Notes that s6-supervise was sent all that was due. */
void signals_note(struct signals *signals, int64_t now_usec);

/*
 * Did the run with that pid end by what was ordered: by one of these very signals, or, however it ended,
 * within ending_msec of a signal that ends a run?
 */
bool signals_ended(const struct signals *signals, pid_t pid, const struct ending *ending, int64_t ending_msec,
                   int64_t now_usec);

#endif
