#include "client/screen.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#define ROWS_UNKNOWN 24
#define COLUMNS_UNKNOWN 80
/* A terminal that somebody made non-blocking, and that takes nothing for so long, gets no more. */
#define WRITE_PATIENCE_MSEC 5000

#define ENTER "\x1b[?1049h\x1b[?25l"
#define HIDE_CURSOR "\x1b[?25l"
#define LEAVE "\x1b[0m\x1b[?25h\x1b[?1049l"

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

/* In the background this stops the process, until it is in the foreground. */
static int set_modes(const struct termios *modes)
{
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
        /* Ctrl-S would only stop us in a write, where no key is seen. */
        modes.c_iflag &= ~(tcflag_t)(IXON | ICRNL);
        modes.c_cc[VMIN] = 0;
        modes.c_cc[VTIME] = 0;
        result = set_modes(&modes);
        if (result == 0)
                result = screen_write(sequence, strlen(sequence));
        return result;
}

/* What was typed and not read is the view's, and nothing that a shell should get. */
static void give_back(struct screen *screen)
{
        screen_write(LEAVE, strlen(LEAVE));
        while (tcsetattr(STDIN_FILENO, TCSAFLUSH, &screen->saved) < 0 && errno == EINTR)
                ;
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
        if (result < 0)
                screen_close(screen);
        return result;
}

void screen_close(struct screen *screen)
{
        give_back(screen);
        close(screen->signal_fd);
        screen->signal_fd = -1;
        sigprocmask(SIG_SETMASK, &screen->old_mask, NULL);
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
        /* Here it stops. A shell without job control, and a session without a shell, let it go on at once. */
        sigprocmask(SIG_UNBLOCK, &mask, NULL);
        sigprocmask(SIG_BLOCK, &mask, NULL);
        return take(screen, ENTER);
}

/* Not ENTER: nobody has left the alternate screen, and some terminals would forget where the cursor was. */
int screen_renew(struct screen *screen)
{
        return take(screen, HIDE_CURSOR);
}

void screen_size(size_t *rows, size_t *columns)
{
        struct winsize size = {0};

        ioctl(STDOUT_FILENO, TIOCGWINSZ, &size);
        *rows = size.ws_row > 0 ? size.ws_row : ROWS_UNKNOWN;
        *columns = size.ws_col > 0 ? size.ws_col : COLUMNS_UNKNOWN;
}
