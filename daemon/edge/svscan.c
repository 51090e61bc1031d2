/* SPDX-License-Identifier: ISC */
#include "daemon/edge/svscan.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/bounds.h"
#include "daemon/edge/process.h"

#define LOCK ".s6-svscan/lock"

/* These are the figures of s6's own sources, of all versions together. */
#define SUPERVISORS_DEFAULT 1000
#define SUPERVISORS_LEAST 4
#define SUPERVISORS_MOST 160000
#define SERVICES_DEFAULT 500
#define SERVICES_LEAST 2
#define SERVICES_MOST 80000
#define SVSCAN_FILES 16     /* descriptors of an s6-svscan without services, and some to spare */
#define WITH_VALUE "cCLtdX" /* options that take a value */

static unsigned within(unsigned long value, unsigned least, unsigned most)
{
        return value < least ? least : value > most ? most : (unsigned)value;
}

static void set_room(char option, const char *value, struct svscan_room *room)
{
        unsigned long number = strtoul(value, NULL, 10);

        if (option == 'C')
                *room = (struct svscan_room){.supervisors =
                                                     within(number, SUPERVISORS_LEAST, SUPERVISORS_MOST)};
        else if (option == 'c')
                *room = (struct svscan_room){.supervisors = 2 * within(number, SERVICES_LEAST, SERVICES_MOST),
                                             .services = within(number, SERVICES_LEAST, SERVICES_MOST)};
}

/* The option of an argument that begins with a dash, and its value if the argument has it; else *value is
 * NULL, and the next argument is the value, unless the option takes none. */
static char take_option(const char *word, const char **value, bool *takes)
{
        static const char max[] = "--services-max";

        *value = NULL;
        *takes = true;
        if (word[1] == '-') {
                const char *equals = strchr(word, '=');
                size_t length = equals ? (size_t)(equals - word) : strlen(word);

                *value = equals ? equals + 1 : NULL;
                return length == strlen(max) && strncmp(word, max, length) == 0 ? 'C' : 'L';
        }
        for (const char *letter = word + 1; *letter; letter++)
                if (strchr(WITH_VALUE, *letter)) {
                        *value = letter[1] ? letter + 1 : NULL;
                        return *letter;
                }
        *takes = false;
        return 0;
}

static const char *next_word(const char *word, const char *end)
{
        word += strlen(word) + 1;
        return word < end ? word : NULL;
}

void svscan_read_words(const char *words, size_t length, struct svscan_room *room)
{
        const char *end = words + length;
        const char *word = words;

        *room = (struct svscan_room){.supervisors = SUPERVISORS_DEFAULT, .services = SERVICES_DEFAULT};
        if (length == 0 || words[length - 1] != '\0')
                return;
        while ((word = next_word(word, end)) && word[0] == '-' && word[1] && strcmp(word, "--") != 0) {
                bool takes;
                const char *value;
                char option = take_option(word, &value, &takes);

                if (takes && !value)
                        value = word = next_word(word, end);
                if (takes && !word)
                        return;
                if (takes)
                        set_room(option, value, room);
        }
}

void svscan_read_limits(const char *text, struct svscan_room *room)
{
        static const char name[] = "Max open files";
        const char *line = strstr(text, name);
        unsigned long files;

        if (line && sscanf(line + strlen(name), "%lu", &files) == 1)
                room->loggers = files > SVSCAN_FILES + 2
                                        ? within((files - SVSCAN_FILES) / 2, 1, SUPERVISORS_MOST)
                                        : 1;
}

/* Reads a file of /proc/PID as a string; what does not fit is cut. 0 or a negative errno. */
static int read_file(pid_t pid, const char *name, char text[SVSCAN_TEXT_BYTES], size_t *length)
{
        char path[64];
        ssize_t n;
        int fd, result;

        snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
        fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd < 0)
                return -errno;
        n = read(fd, text, SVSCAN_TEXT_BYTES - 1);
        result = n < 0 ? -errno : 0;
        close(fd);
        *length = n < 0 ? 0 : (size_t)n;
        text[*length] = '\0';
        return result;
}

int svscan_look(int at, struct svscan_room *room)
{
        struct svscan_room found;
        struct process process;
        char text[SVSCAN_TEXT_BYTES];
        size_t length = 0;
        int result;
        pid_t pid = process_holding(at, LOCK);

        if (pid <= 0)
                return pid < 0 ? pid : -ESRCH;
        result = process_read(pid, &process);
        if (result < 0)
                return result;
        /* Reading the command line of a hostile process may take as long as that process likes. */
        if (process.uid != 0 && process.uid != geteuid())
                return -EPERM;
        result = read_file(pid, "cmdline", text, &length);
        if (result < 0)
                return result;
        svscan_read_words(text, length, &found);
        result = read_file(pid, "limits", text, &length);
        if (result < 0)
                return result;
        svscan_read_limits(text, &found);
        *room = found;
        return 0;
}
