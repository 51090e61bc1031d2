#include "client/look.h"

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

/* setlocale() would say the same, after reading files, and only of locales that are installed: a small image
 * has none, behind a terminal that has all. */
bool look_is_utf8(const char *all, const char *ctype, const char *lang)
{
        const char *names[] = {all, ctype, lang};
        const char *name = NULL;
        const char *codeset;

        for (size_t i = 0; i < 3 && !name; i++)
                name = names[i] && *names[i] ? names[i] : NULL;
        codeset = name ? strchr(name, '.') : NULL;
        if (!codeset)
                return false;
        codeset++;
        return (strncasecmp(codeset, "UTF-8", 5) == 0 && (codeset[5] == '\0' || codeset[5] == '@')) ||
               (strncasecmp(codeset, "utf8", 4) == 0 && (codeset[4] == '\0' || codeset[4] == '@'));
}

bool look_utf8(void)
{
        return look_is_utf8(getenv("LC_ALL"), getenv("LC_CTYPE"), getenv("LANG"));
}

void look_init(struct look *look)
{
        struct winsize size;
        struct timespec now;

        clock_gettime(CLOCK_REALTIME, &now);
        *look = (struct look){.now_usec = (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000};
        if (!isatty(STDOUT_FILENO))
                return;
        look->symbols = true;
        look->colour = look_colour();
        look->utf8 = look_utf8();
        if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0)
                look->columns = size.ws_col;
}
