/* SPDX-License-Identifier: ISC */
#include "daemon/judge/signals.h"

#include <signal.h>
#include <stddef.h>

const struct signal_row signal_rows[SIGNALS] = {
        {"HUP", SIGHUP, 'h', false},     {"INT", SIGINT, 'i', true},    {"QUIT", SIGQUIT, 'q', true},
        {"KILL", SIGKILL, 'k', true},    {"TERM", SIGTERM, 't', true},  {"USR1", SIGUSR1, '1', false},
        {"USR2", SIGUSR2, '2', false},   {"CONT", SIGCONT, 'c', false}, {"STOP", SIGSTOP, 'p', false},
        {"WINCH", SIGWINCH, 'y', false},
};

const char *const signal_names[SIGNALS + 1] = {"HUP",  "INT",  "QUIT", "KILL",  "TERM", "USR1",
                                               "USR2", "CONT", "STOP", "WINCH", NULL};

const struct signal_row *signals_of_letter(char letter)
{
        for (size_t i = 0; i < SIGNALS; i++)
                if (signal_rows[i].letter == letter)
                        return &signal_rows[i];
        return NULL;
}

static unsigned bit_of(char letter)
{
        return 1u << (unsigned)(signals_of_letter(letter) - signal_rows);
}

bool signals_stands(const struct signals *signals, pid_t pid)
{
        return pid && signals->pid == pid && signals->sent & bit_of('p');
}

void signals_forget_stop(struct signals *signals)
{
        signals->sent = (unsigned short)(signals->sent & ~bit_of('p'));
}

void signals_add(struct signals *signals, pid_t pid, unsigned row)
{
        if (signals->pid != pid)
                *signals = (struct signals){.pid = pid};
        signals->due = (unsigned short)(signals->due | 1u << row);
}

void signals_letters(const struct signals *signals, pid_t pid, char letters[SIGNALS + 1])
{
        size_t length = 0;

        for (size_t i = 0; i < SIGNALS; i++)
                if (signals->pid == pid && signals->due & 1u << i)
                        letters[length++] = signal_rows[i].letter;
        letters[length] = '\0';
}

void signals_note(struct signals *signals, int64_t now_usec)
{
        for (size_t i = 0; i < SIGNALS; i++)
                if (signals->due & 1u << i && signal_rows[i].ends)
                        signals->sent_usec = now_usec;
        /* Where both are due, CONT is sent before STOP. */
        if (signals->due & bit_of('c'))
                signals_forget_stop(signals);
        signals->sent = (unsigned short)(signals->sent | signals->due);
        signals->due = 0;
}

void signals_adopt(struct signals *signals, pid_t pid, unsigned sent, int64_t sent_usec)
{
        *signals = (struct signals){.pid = pid, .due = (unsigned short)sent};
        signals_note(signals, sent_usec);
}

bool signals_ended(const struct signals *signals, pid_t pid, const struct ending *ending, int64_t ending_msec,
                   int64_t now_usec)
{
        int64_t ago_usec = now_usec - signals->sent_usec;

        if (!pid || signals->pid != pid)
                return false;
        for (size_t i = 0; i < SIGNALS; i++)
                if (signals->sent & 1u << i && ending->signal == signal_rows[i].number)
                        return true;
        return signals->sent_usec && ago_usec < ending_msec * 1000;
}
