/* SPDX-License-Identifier: ISC */
#include "daemon/log/log.h"

#include <errno.h>
#include <linux/fs.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "daemon/bounds.h"
#include "daemon/log/clock.h"
#include "daemon/log/log_line.h"

/* More than one thread logs. Nothing under this lock can block. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static unsigned lost;     /* lines that were lost since the last note of how many */
static mode_t error_type; /* of standard error, which stays what it was at the first line; 0: not looked at */

/* Root's changes that found standard error full, the oldest first. */
static struct line kept[LOG_KEPT_LINES];
static unsigned kept_count;

struct budget {
        const char *what;         /* its subject, up to the ':'; NULL: not in use */
        const char *of;           /* whose lines count against it; NULL: everybody's */
        int64_t bytes_per_second; /* 0: LOG_CALLS_BYTES_PER_SECOND */
        int64_t msec;             /* when `tokens` was last refilled; 0: never */
        int64_t tokens;           /* thousandths of a byte */
        unsigned held;            /* lines over the budget, since the last line that counted them */
};

/* Root's changes have no budget. */
static struct budget changes[] = {
        [LOG_CLIENT] = {.what = "audit", .of = "client"}, [LOG_OTHERS] = {.what = "audit", .of = "others"}};
static struct budget refusals[] = {[LOG_ROOT] = {.what = "refused", .of = "root"},
                                   [LOG_CLIENT] = {.what = "refused", .of = "client"},
                                   [LOG_OTHERS] = {.what = "refused", .of = "others"}};
/* The last budget is shared by all subjects that find no place of their own. */
static struct budget events[LOG_SUBJECTS];
static struct {
        void (*held)(void *owner);
        void *owner;
} listener;

#ifndef HAVE_PWRITEV2
/* Some C libraries lack this function. */
static ssize_t pwritev2(int fd, const struct iovec *parts, int count, off_t at, int flags)
{
        return syscall(SYS_pwritev2, fd, parts, count, (long)at, (long)at, flags);
}
#endif

/*
 * Writes once, without waiting; false: not all was written. O_NONBLOCK is no way to do that: it would hold
 * for everybody who shares this standard error (s6-svscan, every service without a logger). Asking poll()
 * first is not enough either, since others write into the same pipe: so the kernel is given a flag for this
 * one write where it takes one (pipes since Linux 6.4).
 */
static bool write_now(const char *bytes, size_t length)
{
        struct iovec part = {.iov_base = (void *)(uintptr_t)bytes, .iov_len = length};
        struct pollfd ready = {.fd = STDERR_FILENO, .events = POLLOUT};
        struct stat found;
        ssize_t n;

        if (!error_type && fstat(STDERR_FILENO, &found) == 0)
                error_type = found.st_mode & S_IFMT;
        if (S_ISSOCK(error_type))
                return send(STDERR_FILENO, bytes, length, MSG_DONTWAIT | MSG_NOSIGNAL) == (ssize_t)length;
        if (S_ISFIFO(error_type)) {
                n = pwritev2(STDERR_FILENO, &part, 1, -1, RWF_NOWAIT);
                if (n >= 0 || errno == EAGAIN || errno == EPIPE)
                        return n == (ssize_t)length;
        }
        /* A file is always ready, says poll(). */
        if (!S_ISREG(error_type) && (poll(&ready, 1, 0) != 1 || (ready.revents & POLLOUT) == 0))
                return false;
        n = write(STDERR_FILENO, bytes, length);
        return n == (ssize_t)length;
}

/* Writes the lines that were kept, in the order in which they came. Under the lock. False: some are left. */
static bool put_kept(void)
{
        unsigned written = 0;

        while (written < kept_count && write_now(kept[written].bytes, kept[written].length))
                written++;
        kept_count -= written;
        memmove(kept, kept + written, kept_count * sizeof(kept[0]));
        return kept_count == 0;
}

/* Writes a line, behind a note of how many were lost before. A note that cannot be written leaves its count
 * for the next one. Under the lock. */
static void put(const struct line *line)
{
        put_kept();
        if (lost > 0) {
                struct line note;

                line_make(&note, "log: lines lost: standard error was full count=%u", lost);
                if (write_now(note.bytes, note.length))
                        lost = 0;
        }
        if (lost > 0 || !write_now(line->bytes, line->length))
                lost++;
}

#define COUNT_OF(array) (sizeof(array) / sizeof(array[0]))

static size_t subject_length(const char *format)
{
        return strcspn(format, ":");
}

/* A subject is the beginning of a format, and lives as long as the process, as formats are literals. */
static struct budget *budget_of_subject(const char *format)
{
        size_t length = subject_length(format);

        for (size_t i = 0; i < COUNT_OF(events); i++) {
                struct budget *budget = &events[i];

                if (!budget->what)
                        *budget = (struct budget){.what = format,
                                                  .bytes_per_second = LOG_EVENTS_BYTES_PER_SECOND};
                if (subject_length(budget->what) == length && strncmp(budget->what, format, length) == 0)
                        return budget;
        }
        return &events[COUNT_OF(events) - 1];
}

/* Called under the lock, as are all functions from here to put_or_keep(). */
static void budget_refill(struct budget *budget)
{
        int64_t per_second = budget->bytes_per_second ?: LOG_CALLS_BYTES_PER_SECOND;
        int64_t full = INT64_C(1000) * LOG_BURST_BYTES;
        int64_t msec = clock_msec() + 1;

        /* Thousandths of a byte in a millisecond are bytes in a second. A long silence fills the budget. */
        if (budget->msec == 0 || msec - budget->msec >= full / per_second)
                budget->tokens = full;
        else
                budget->tokens += (msec - budget->msec) * per_second;
        if (budget->tokens > full)
                budget->tokens = full;
        budget->msec = msec;
}

static bool budget_take(struct budget *budget, size_t bytes)
{
        if (budget->tokens < (int64_t)bytes * 1000)
                return false;
        budget->tokens -= (int64_t)bytes * 1000;
        return true;
}

/* Writes how many lines were held back; unless `all`, not before there is room for some lines as well, or
 * half of what is written would be counts. True: nothing is held back any longer. */
static bool budget_settle(struct budget *budget, bool all)
{
        char what[32];
        struct line note;

        budget_refill(budget);
        if (budget->held == 0)
                return true;
        if (!all && budget->tokens < INT64_C(1000) * LOG_HELD_BYTES)
                return false;
        snprintf(what, sizeof(what), "%.*s", (int)subject_length(budget->what), budget->what);
        line_make(&note, "log: lines not written: over their budget count=%u what=%s of=%s", budget->held,
                  what, budget->of ?: "all");
        budget_take(budget, note.length);
        put(&note);
        budget->held = 0;
        return true;
}

/* Writes the line, or counts it. True: it is the first to be held back, so the listener is to be told. */
static bool budget_put(struct budget *budget, const struct line *line)
{
        if (budget_settle(budget, false) && budget_take(budget, line->length)) {
                put(line);
                return false;
        }
        return budget->held++ == 0;
}

/* Writes a line of root's, or keeps it, or counts it as lost. True: log_settle() is to try again. */
static bool put_or_keep(const struct line *line)
{
        if (put_kept() && write_now(line->bytes, line->length))
                return false;
        if (kept_count < COUNT_OF(kept))
                kept[kept_count++] = *line;
        else
                lost++;
        return true;
}

static void tell_held(bool any)
{
        if (any && listener.held)
                listener.held(listener.owner);
}

void log_line(const char *format, ...)
{
        struct line line;
        va_list arguments;
        int error = errno;

        va_start(arguments, format);
        line_format(&line, format, &arguments);
        va_end(arguments);
        pthread_mutex_lock(&lock);
        put(&line);
        pthread_mutex_unlock(&lock);
        errno = error;
}

static void budget_line(struct budget *budget, const struct line *line)
{
        bool any;

        pthread_mutex_lock(&lock);
        any = budget_put(budget, line);
        pthread_mutex_unlock(&lock);
        tell_held(any);
}

void log_event(const char *format, ...)
{
        struct line line;
        va_list arguments;
        int error = errno;

        va_start(arguments, format);
        line_format(&line, format, &arguments);
        va_end(arguments);
        budget_line(budget_of_subject(format), &line);
        errno = error;
}

void log_refusal(enum log_source source, const char *format, ...)
{
        struct line line;
        va_list arguments;
        int error = errno;

        va_start(arguments, format);
        line_format(&line, format, &arguments);
        va_end(arguments);
        budget_line(&refusals[source], &line);
        errno = error;
}

void log_change(enum log_source source, struct line *line)
{
        bool any;
        int error = errno;

        line_end(line);
        if (source == LOG_ROOT) {
                pthread_mutex_lock(&lock);
                any = put_or_keep(line);
                pthread_mutex_unlock(&lock);
                tell_held(any);
        } else {
                budget_line(&changes[source], line);
        }
        errno = error;
}

void log_on_held(void (*held)(void *owner), void *owner)
{
        listener.held = held;
        listener.owner = owner;
}

static bool settle(struct budget *budgets, size_t count, bool all)
{
        bool settled = true;

        for (size_t i = 0; i < count; i++)
                settled = budget_settle(&budgets[i], all) && settled;
        return settled;
}

bool log_settle(bool all)
{
        bool settled;

        pthread_mutex_lock(&lock);
        settled = put_kept();
        settled = settle(changes, COUNT_OF(changes), all) && settled;
        settled = settle(refusals, COUNT_OF(refusals), all) && settled;
        settled = settle(events, COUNT_OF(events), all) && settled;
        pthread_mutex_unlock(&lock);
        return !settled;
}
