/* SPDX-License-Identifier: ISC */
#include "template/parse.h"

#include <limits.h>
#include <stdint.h>
#include <string.h>

#include "proto/name.h"

#define DIGITS "0123456789"

static bool number(const char *text, unsigned long long most, unsigned long long *value)
{
        *value = 0;
        if (!text || !*text || text[strspn(text, DIGITS)])
                return false;
        for (; *text; *value = *value * 10 + (unsigned)(*text++ - '0'))
                if (*value > (most - (unsigned)(*text - '0')) / 10)
                        return false;
        return true;
}

bool parse_user(char *text, const char *user, uid_t *uid, gid_t *gid)
{
        unsigned long long numbers[2];
        char *line;

        while ((line = strsep(&text, "\n")))
                if (strcmp(strsep(&line, ":"), user) == 0 && strsep(&line, ":") &&
                    number(strsep(&line, ":"), UINT32_MAX - 1, &numbers[0]) &&
                    number(strsep(&line, ":"), UINT32_MAX - 1, &numbers[1])) {
                        *uid = (uid_t)numbers[0];
                        *gid = (gid_t)numbers[1];
                        return true;
                }
        return false;
}

size_t parse_groups(char *text, const char *user, gid_t *gids, size_t most)
{
        unsigned long long gid;
        size_t count = 1;
        char *line, *member;

        while (count < most && (line = strsep(&text, "\n"))) {
                if (!strsep(&line, ":") || !strsep(&line, ":") ||
                    !number(strsep(&line, ":"), UINT32_MAX - 1, &gid))
                        continue;
                while ((member = strsep(&line, ",")) && strcmp(member, user) != 0)
                        ;
                if (member && gid != gids[0])
                        gids[count++] = (gid_t)gid;
        }
        return count;
}

pid_t parse_note(const char *note, unsigned long long *start)
{
        char digits[sizeof("2147483647")] = "";
        size_t length = strcspn(note, ":");
        unsigned long long pid;

        if (note[length] != ':' || *note == '0' || length >= sizeof(digits))
                return 0;
        memcpy(digits, note, length);
        if (!number(digits, INT_MAX, &pid) || pid == 1)
                return 0;
        return number(note + length + 1, ULLONG_MAX, start) || !note[length + 1] ? (pid_t)pid : 0;
}

unsigned long long parse_start(const char *stat)
{
        const char *field = strrchr(stat, ')'); /* of a name that may hold anything */
        unsigned long long start = 0;

        for (int i = 2; i < 22; i++) {
                field = field ? strchr(field, ' ') : NULL;
                field = field ? field + 1 : NULL;
        }
        for (; field && *field >= '0' && *field <= '9'; field++)
                start = start * 10 + (unsigned)(*field - '0');
        return start;
}

bool parse_variable(char **rest, char **name, char **value)
{
        while ((*name = strsep(rest, "\n"))) {
                char *end, *more;

                *value = strchr(*name, '=');
                if (**name == ' ' || !*value)
                        continue;
                *(*value)++ = '\0';
                for (end = strchr(*value, '\0'); *rest && **rest == ' '; end = strchr(end, '\0')) {
                        more = strsep(rest, "\n") + 1;
                        *end++ = '\n';
                        memmove(end, more, strlen(more) + 1);
                }
                if (environment_is_name(*name))
                        return true;
        }
        return false;
}

void parse_home(char *home)
{
        static const char profiles[] = "/profiles";
        size_t length = strlen(home), above = strlen(profiles);
        char *last;

        while (length > 0 && home[length - 1] == '/')
                home[--length] = '\0';
        last = strrchr(home, '/');
        if (last && (size_t)(last - home) >= above && strncmp(last - above, profiles, above) == 0)
                *(last - above) = '\0';
}
