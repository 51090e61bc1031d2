/* SPDX-License-Identifier: ISC */
#include "client/terminal/screen.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#define ROWS_UNKNOWN 24
#define COLUMNS_UNKNOWN 80
/* How long to wait for a terminal that somebody made non-blocking to take something; after that it gets no
 * more. */
#define WRITE_PATIENCE_MSEC 5000

/* Pasted text comes between marks (bracketed paste), so that nothing of it is taken for a key. */
#define MARK_PASTES "\x1b[?2004h"
#define ENTER MARK_PASTES "\x1b[?1049h\x1b[?25l"
#define TAKE_AGAIN MARK_PASTES "\x1b[?25l"
#define LEAVE "\x1b[0m\x1b[?25h\x1b[?1049l\x1b[?2004l"

bool screen_is_there(void)
{
        const char *terminal = getenv("TERM");

        return terminal && *terminal && strcmp(terminal, "dumb") != 0 && isatty(STDIN_FILENO) &&
               isatty(STDOUT_FILENO);
}

int screen_write(const char *text, size_t length)
{
        while (length > 0) {
                ssize_t written = write(STDOUT_FILENO, text, length);

                if (written >= 0) {
                        text += written;
                        length -= (size_t)written;
                } else if (errno == EAGAIN) {
                        struct pollfd poll_fd = {.fd = STDOUT_FILENO, .events = POLLOUT};

                        if (poll(&poll_fd, 1, WRITE_PATIENCE_MSEC) == 0)
                                return -ETIMEDOUT;
                } else if (errno != EINTR) {
                        return -errno;
                }
        }
        return 0;
}

/* Whether the terminal belongs to another process group, as when we are stopped or ended in the
 * background. */
static bool is_in_background(void)
{
        pid_t group = tcgetpgrp(STDIN_FILENO);

        return group >= 0 && group != getpgrp();
}

static bool is_told_to_end(void)
{
        static const int ends[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
        sigset_t pending;

        sigpending(&pending);
        for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
                if (sigismember(&pending, ends[i]) == 1)
                        return true;
        return false;
}

static bool take_continue(void)
{
        const struct timespec at_once = {0};
        sigset_t set;

        sigemptyset(&set);
        sigaddset(&set, SIGCONT);
        return sigtimedwait(&set, NULL, &at_once) == SIGCONT;
}

/* Stops the process until it is in the foreground, as tcsetattr() would. But tcsetattr() would only stop it
 * again where timeout(1), which puts us into a group of our own, tells us to end. Returns false if we are to
 * end. */
static bool wait_for_foreground(void)
{
        while (is_in_background()) {
                take_continue();
                kill(0, SIGTTOU);
                if (is_told_to_end())
                        return false;
                if (!take_continue())
                        break; /* the signal did not stop us: there is nobody who would continue us */
        }
        return true;
}

static int set_modes(const struct termios *modes)
{
        if (!wait_for_foreground())
                return -EINTR;
        while (tcsetattr(STDIN_FILENO, TCSADRAIN, modes) < 0) {
                if (errno != EINTR)
                        return -errno;
        }
        return 0;
}

static int take(struct screen *screen, const char *sequence)
{
        struct termios modes = screen->saved;
        int result;

        modes.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
        /* Ctrl-S would only block us in a write, where no key is seen. */
        modes.c_iflag &= ~(tcflag_t)(IXON | ICRNL);
        modes.c_cc[VMIN] = 0;
        modes.c_cc[VTIME] = 0;
        result = set_modes(&modes);
        if (result == 0)
                result = screen_write(sequence, strlen(sequence));
        return result;
}

/* Gives the terminal back. Keys that were typed and not read were for the view, so the shell must not get
 * them. In the background the modes are another's, and stay. */
static void give_back(struct screen *screen)
{
        sigset_t set, before;

        sigemptyset(&set);
        sigaddset(&set, SIGTTOU);
        sigprocmask(SIG_BLOCK, &set, &before);
        screen_write(LEAVE, strlen(LEAVE));
        while (!is_in_background() && tcsetattr(STDIN_FILENO, TCSAFLUSH, &screen->saved) < 0 &&
               errno == EINTR)
                ;
        sigprocmask(SIG_SETMASK, &before, NULL);
}

static int listen_for_signals(struct screen *screen)
{
        static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGCONT, SIGWINCH};
        sigset_t mask;
        int result;

        sigemptyset(&mask);
        for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
                sigaddset(&mask, signals[i]);
        if (sigprocmask(SIG_BLOCK, &mask, &screen->old_mask) < 0)
                return -errno;
        screen->signal_fd = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
        if (screen->signal_fd >= 0)
                return 0;
        result = -errno;
        sigprocmask(SIG_SETMASK, &screen->old_mask, NULL);
        return result;
}

/* Stops listening for signals, which ends the process by a signal that told it to, if that was not taken. */
static void end_listening(struct screen *screen)
{
        close(screen->signal_fd);
        screen->signal_fd = -1;
        sigprocmask(SIG_SETMASK, &screen->old_mask, NULL);
}

int screen_open(struct screen *screen)
{
        int result;

        *screen = (struct screen){.signal_fd = -1};
        if (tcgetattr(STDIN_FILENO, &screen->saved) < 0)
                return -errno;
        result = listen_for_signals(screen);
        if (result < 0)
                return result;
        result = take(screen, ENTER);
        if (result < 0 && result != -EINTR)
                give_back(screen);
        if (result < 0)
                end_listening(screen);
        return result;
}

void screen_close(struct screen *screen)
{
        give_back(screen);
        end_listening(screen);
}

enum screen_event screen_next(struct screen *screen, int *signal_number)
{
        struct signalfd_siginfo signal;

        if (read(screen->signal_fd, &signal, sizeof(signal)) != sizeof(signal))
                return SCREEN_NOTHING;
        switch (signal.ssi_signo) {
        case SIGWINCH:
                return SCREEN_RESIZED;
        case SIGCONT:
                return SCREEN_REDRAW;
        case SIGTSTP:
                return SCREEN_SUSPEND;
        case SIGINT:
                return SCREEN_INTERRUPT;
        default:
                *signal_number = (int)signal.ssi_signo;
                return SCREEN_END;
        }
}

int screen_suspend(struct screen *screen)
{
        sigset_t mask;

        give_back(screen);
        raise(SIGTSTP);
        sigemptyset(&mask);
        sigaddset(&mask, SIGTSTP);
        /* The process stops here. Under a shell without job control, and in a session without a shell, it
         * goes on at once. */
        sigprocmask(SIG_UNBLOCK, &mask, NULL);
        sigprocmask(SIG_BLOCK, &mask, NULL);
        return take(screen, ENTER);
}

/* Does not send ENTER: nobody has left the alternate screen, and some terminals would forget where the cursor
 * was. */
int screen_renew(struct screen *screen)
{
        return take(screen, TAKE_AGAIN);
}

void screen_size(size_t *rows, size_t *columns)
{
        struct winsize size = {0};

        ioctl(STDOUT_FILENO, TIOCGWINSZ, &size);
        *rows = size.ws_row > 0 ? size.ws_row : ROWS_UNKNOWN;
        *columns = size.ws_col > 0 ? size.ws_col : COLUMNS_UNKNOWN;
}
