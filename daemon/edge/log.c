#include "daemon/edge/log.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define REFUSALS_PER_SECOND 20
#define REFUSALS_BURST 60

/* What ends a line that was cut. */
#define CUT "..."

struct line {
        char bytes[LOG_LINE_BYTES];
        size_t length;
        bool cut;
};

/* More than one thread logs. Nothing under this lock can block. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static unsigned lost;            /* lines, since the last that said so */
static unsigned refusals_silent; /* refusals over the budget, since the last that said so */
static struct {
        int64_t msec;   /* when `tokens` was true; 0: never */
        int64_t tokens; /* thousandths of a line */
} budget;

static void line_append(struct line *line, const char *bytes, size_t length)
{
        /* Room for the mark and the newline is kept. All or nothing, so that no %XX is cut in two. */
        if (line->cut || line->length + length > sizeof line->bytes - sizeof CUT) {
                line->cut = true;
                return;
        }
        memcpy(line->bytes + line->length, bytes, length);
        line->length += length;
}

static bool is_plain(unsigned char c)
{
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               (c != '\0' && strchr("_.:@/+-", c) != NULL);
}

static void line_append_escaped(struct line *line, const char *value)
{
        static const char digits[] = "0123456789ABCDEF";

        if (value == NULL) {
                /* An escaped value has no parentheses. */
                line_append(line, "(null)", 6);
                return;
        }
        for (; *value != '\0' && !line->cut; value++) {
                unsigned char c = (unsigned char)*value;
                char escape[3] = {'%', digits[c >> 4], digits[c & 15]};

                if (is_plain(c))
                        line_append(line, value, 1);
                else
                        line_append(line, escape, sizeof escape);
        }
}

static void line_append_number(struct line *line, bool negative, uint64_t magnitude)
{
        char digits[24];
        size_t at = sizeof digits;

        do {
                digits[--at] = (char)('0' + magnitude % 10);
                magnitude /= 10;
        } while (magnitude != 0);
        if (negative)
                digits[--at] = '-';
        line_append(line, digits + at, sizeof digits - at);
}

static void line_append_signed(struct line *line, int64_t value)
{
        line_append_number(line, value < 0, value < 0 ? -(uint64_t)value : (uint64_t)value);
}

/* Returns what follows the conversion that begins behind the '%'; NULL where it is none of ours. */
static const char *line_convert(struct line *line, const char *conversion, va_list *arguments)
{
        switch (*conversion) {
        case 's':
                line_append_escaped(line, va_arg(*arguments, const char *));
                return conversion + 1;
        case 'd':
                line_append_signed(line, va_arg(*arguments, int));
                return conversion + 1;
        case 'u':
                line_append_number(line, false, va_arg(*arguments, unsigned));
                return conversion + 1;
        case '%':
                line_append(line, "%", 1);
                return conversion + 1;
        case 'l':
                if (conversion[1] != 'l' || conversion[2] != 'd')
                        return NULL;
                line_append_signed(line, va_arg(*arguments, long long));
                return conversion + 3;
        default:
                return NULL;
        }
}

static void line_format(struct line *line, const char *format, va_list *arguments)
{
        line->length = 0;
        line->cut = false;
        while (*format != '\0') {
                size_t plain = strcspn(format, "%");

                line_append(line, format, plain);
                format += plain;
                if (*format == '\0')
                        break;
                format = line_convert(line, format + 1, arguments);
                if (format == NULL) {
                        /* Its argument's size is unknown, so nothing after it can be read either. */
                        line_append(line, "%?", 2);
                        break;
                }
        }
        if (line->cut) {
                memcpy(line->bytes + line->length, CUT, strlen(CUT));
                line->length += strlen(CUT);
        }
        line->bytes[line->length++] = '\n';
}

/*
 * One write that does not wait. O_NONBLOCK is no way to it: it would belong to everybody who shares this
 * standard error (s6-svscan, every service without a logger). Others write into the same pipe, so asking
 * poll() first is not enough either where the kernel takes a flag for one write (pipes since Linux 6.4).
 */
static bool write_now(const char *bytes, size_t length)
{
        struct iovec part = {.iov_base = (void *)(uintptr_t)bytes, .iov_len = length};
        struct pollfd ready = {.fd = STDERR_FILENO, .events = POLLOUT};
        struct stat found;
        ssize_t n;

        if (fstat(STDERR_FILENO, &found) < 0)
                return false;
        if (S_ISSOCK(found.st_mode))
                return send(STDERR_FILENO, bytes, length, MSG_DONTWAIT | MSG_NOSIGNAL) == (ssize_t)length;
        if (S_ISFIFO(found.st_mode)) {
                n = pwritev2(STDERR_FILENO, &part, 1, -1, RWF_NOWAIT);
                if (n >= 0 || errno == EAGAIN || errno == EPIPE)
                        return n == (ssize_t)length;
        }
        if (poll(&ready, 1, 0) != 1 || (ready.revents & POLLOUT) == 0)
                return false;
        n = write(STDERR_FILENO, bytes, length);
        return n == (ssize_t)length;
}

static void __attribute__((format(printf, 2, 3))) line_make(struct line *line, const char *format, ...)
{
        va_list arguments;

        va_start(arguments, format);
        line_format(line, format, &arguments);
        va_end(arguments);
}

/* Under the lock. A note that cannot be written leaves its count for the next one. */
static void put(const struct line *line)
{
        if (lost > 0) {
                struct line note;

                line_make(&note, "log: lines lost: standard error was full count=%u", lost);
                if (write_now(note.bytes, note.length))
                        lost = 0;
        }
        if (lost > 0 || !write_now(line->bytes, line->length))
                lost++;
}

/* Under the lock. */
static bool budget_take(void)
{
        struct timespec now;

        clock_gettime(CLOCK_MONOTONIC, &now);
        int64_t msec = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000 + 1;
        int64_t full = INT64_C(1000) * REFUSALS_BURST;

        /* Thousandths a millisecond are lines a second. After a long silence it is simply full. */
        if (budget.msec == 0 || msec - budget.msec >= full / REFUSALS_PER_SECOND)
                budget.tokens = full;
        else
                budget.tokens += (msec - budget.msec) * REFUSALS_PER_SECOND;
        if (budget.tokens > full)
                budget.tokens = full;
        budget.msec = msec;
        if (budget.tokens < 1000)
                return false;
        budget.tokens -= 1000;
        return true;
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

void log_refusal(const char *format, ...)
{
        struct line line;
        va_list arguments;
        int error = errno;

        pthread_mutex_lock(&lock);
        if (!budget_take()) {
                refusals_silent++;
        } else {
                if (refusals_silent > 0) {
                        line_make(&line, "log: refusals not logged: over their budget count=%u",
                                  refusals_silent);
                        put(&line);
                        refusals_silent = 0;
                }
                va_start(arguments, format);
                line_format(&line, format, &arguments);
                va_end(arguments);
                put(&line);
        }
        pthread_mutex_unlock(&lock);
        errno = error;
}
