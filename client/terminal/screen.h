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
 * No library of curses is used: all that is needed is a dozen sequences, which every terminal understands
 * that s6 containers are looked at with. A library would need its database of terminals, which a small image
 * does not have, and which cannot be linked into a static program; and it would be larger than svcctl itself.
 */

struct screen {
        struct termios saved;
        sigset_t old_mask;
        int signal_fd;
};

enum screen_event {
        SCREEN_NOTHING = 0,
        SCREEN_RESIZED,
        SCREEN_REDRAW, /* somebody else may have written to the terminal */
        SCREEN_SUSPEND,
        SCREEN_INTERRUPT,
        SCREEN_END, /* the program is to end, by *signal_number */
};

/* Whether stdin and stdout are terminals, and TERM names one that can do what a view needs. */
bool screen_is_there(void);

/* Takes the terminal over. Returns 0, or negative errno, and then the terminal is as it was. */
int screen_open(struct screen *screen);
void screen_close(struct screen *screen);

/* Returns the next signal that came, as an event. Never waits; poll for POLLIN on signal_fd. */
enum screen_event screen_next(struct screen *screen, int *signal_number);

/* Does what Ctrl-Z means: gives the terminal back, stops the process, and takes the terminal again when the
 * process is continued. Returns 0 or negative errno. */
int screen_suspend(struct screen *screen);

/* Sets the terminal's modes again, after SCREEN_REDRAW. Returns 0 or negative errno. */
int screen_renew(struct screen *screen);

void screen_size(size_t *rows, size_t *columns);

/* Writes all of the text to the terminal. Returns 0 or negative errno. */
int screen_write(const char *text, size_t length);

#endif
