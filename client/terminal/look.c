/* SPDX-License-Identifier: ISC */
#include "client/terminal/look.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

bool look_colour(void)
{
        const char *no_colour = getenv("NO_COLOR");
        const char *terminal = getenv("TERM");

        return !(no_colour && *no_colour) && terminal && strcmp(terminal, "dumb") != 0 &&
               isatty(STDOUT_FILENO);
}

/* Whether the name of an encoding, without a modifier, is UTF-8, utf8, ... */
static bool is_utf8_name(const char *name, size_t length)
{
        return (length == 5 && strncasecmp(name, "UTF-8", length) == 0) ||
               (length == 4 && strncasecmp(name, "utf8", length) == 0);
}

static const char *locale_name(const char *all, const char *ctype, const char *lang)
{
        const char *names[] = {all, ctype, lang};
        const char *name = "";

        for (size_t i = 0; i < 3 && !*name; i++)
                name = names[i] ? names[i] : "";
        return name;
}

static bool is_c_name(const char *name)
{
        return strcmp(name, "C") == 0 || strcmp(name, "POSIX") == 0;
}

/* A locale without an encoding, or no locale at all, does not mean that the terminal is an old one. Few
 * locales mean an encoding that they do not name behind a dot: C and POSIX mean ASCII, @euro means ISO
 * 8859-15. setlocale() would say the same, after reading files, but only of locales that are installed: a
 * small image has none, though the terminal in front of it has all. */
bool look_is_utf8(const char *all, const char *ctype, const char *lang)
{
        return look_reads_utf8(all, ctype, lang) && !is_c_name(locale_name(all, ctype, lang));
}

bool look_reads_utf8(const char *all, const char *ctype, const char *lang)
{
        const char *name = locale_name(all, ctype, lang);
        const char *codeset = strchr(name, '.');

        if (codeset && strcspn(codeset + 1, "@") > 0)
                return is_utf8_name(codeset + 1, strcspn(codeset + 1, "@"));
        return !strstr(name, "@euro");
}

enum printable look_printable(void)
{
        return look_printable_of(STDOUT_FILENO);
}

enum printable look_printable_of(int fd)
{
        if (!isatty(fd))
                return PRINTABLE_BYTES;
        return look_reads_utf8(getenv("LC_ALL"), getenv("LC_CTYPE"), getenv("LANG")) ? PRINTABLE_UTF8
                                                                                     : PRINTABLE_ASCII;
}

size_t look_columns(int fd)
{
        struct winsize size;

        return isatty(fd) && ioctl(fd, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

void look_init(struct look *look)
{
        struct timespec now;

        clock_gettime(CLOCK_REALTIME, &now);
        *look = (struct look){.now_usec = (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000};
        look->printable = look_printable();
        if (!isatty(STDOUT_FILENO))
                return;
        look->symbols = true;
        look->colour = look_colour();
        look->utf8 = look_is_utf8(getenv("LC_ALL"), getenv("LC_CTYPE"), getenv("LANG"));
        look->columns = look_columns(STDOUT_FILENO);
}
