/* SPDX-License-Identifier: ISC */
#ifndef CLIENT_TERMINAL_SCREEN_H
#define CLIENT_TERMINAL_SCREEN_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <termios.h>

/*
 * The terminal on stdin and stdout while a view has all of it: the alternate screen, no cursor, each key as
 * it is typed. Signals come as events, so that every way out of the program passes screen_close().
 *
 * No library of curses: what is used of a terminal is the dozen sequences that each one understands which s6
 * containers are looked at with. A library would bring its database of terminals, which a small image does not
 * have, and which cannot be linked into a static program; and more than svcctl itself is large.
 */

struct screen {
        struct termios saved;
        sigset_t old_mask;
        int signal_fd;
};

enum screen_event {
        SCREEN_NOTHING = 0,
        SCREEN_RESIZED,
        SCREEN_REDRAW, /* somebody else may have written there */
        SCREEN_SUSPEND,
        SCREEN_INTERRUPT,
        SCREEN_END, /* by *signal_number */
};

/* Whether stdin and stdout are one terminal, and it can do what a view needs. */
bool screen_is_there(void);

/* 0 or negative errno, and then the terminal is as it was. */
int screen_open(struct screen *screen);
void screen_close(struct screen *screen);

/* The next signal that came. Never waits; poll for POLLIN on signal_fd. */
enum screen_event screen_next(struct screen *screen, int *signal_number);

/* Does what Ctrl-Z means: gives the terminal back, stops, and takes it again when it goes on. 0 or
 * negative errno. */
int screen_suspend(struct screen *screen);

/* Sets the modes again, after SCREEN_REDRAW. */
int screen_renew(struct screen *screen);

void screen_size(size_t *rows, size_t *columns);

/* Writes all of the text; 0 or negative errno. */
int screen_write(const char *text, size_t length);

#endif
