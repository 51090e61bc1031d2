/* SPDX-License-Identifier: ISC */
#include "client/text/signals.h"

#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

#include "client/text/digits.h"

static const struct {
        const char *name;
        int number;
} rows[] = {
        {"HUP", SIGHUP},   {"INT", SIGINT},   {"QUIT", SIGQUIT}, {"KILL", SIGKILL}, {"TERM", SIGTERM},
        {"USR1", SIGUSR1}, {"USR2", SIGUSR2}, {"CONT", SIGCONT}, {"STOP", SIGSTOP}, {"WINCH", SIGWINCH},
};

const char *signals_find(const char *text)
{
        const char *word = strncasecmp(text, "SIG", 3) == 0 ? text + 3 : text;
        int number = 0;

        if (!digits_parse(text, &number))
                number = 0;
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
                if (strcasecmp(word, rows[i].name) == 0 || number == rows[i].number)
                        return rows[i].name;
        return NULL;
}
