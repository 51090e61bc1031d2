/* SPDX-License-Identifier: ISC */
#include "proto/settings.h"

#include <string.h>

#define NAMES "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789"
#define BLANKS " \t\r"

/* The value that a shell would take `text` for, without its quotes; NULL: a shell would do more than that. */
static char *plain(char *text)
{
        char quote = *text == '\'' || *text == '"' ? *text++ : '\0';
        char *end = text + strcspn(text, quote == '\'' ? "'"
                                         : quote       ? "\"\\$`"
                                                       : BLANKS "'\"\\$`;&|<>()*?[~");
        char *rest = end + (quote != '\0');

        if (quote && *end != quote)
                return NULL;
        rest += strspn(rest, BLANKS);
        if (*rest && (*rest != '#' || !strchr(BLANKS, rest[-1])))
                return NULL;
        *end = '\0';
        return text;
}

unsigned settings_parse(char *text, const char *values[SETTINGS])
{
        static const char *const names[SETTINGS] = {
                "s6=",        "client_user=",   "default_home=", "container_environment=",
                "venv=",      "brake_seconds=", "brake_deaths=", "brake_restarts=",
                "log_files=", "log_file_bytes="};
        unsigned count = 0;
        char *line;

        memset(values, 0, SETTINGS * sizeof(*values));
        values[LOG_FILES] = "10"; /* a template of an older version has neither of these two */
        values[LOG_FILE_BYTES] = "1000000";
        for (; (line = strsep(&text, "\n")); count++) {
                line += strspn(line, BLANKS);
                if (*line && *line != '#' && line[strspn(line, NAMES)] != '=')
                        return count + 1;
                for (int i = 0; i < SETTINGS; i++)
                        if (strncmp(line, names[i], strlen(names[i])) == 0 &&
                            !(values[i] = plain(line + strlen(names[i]))))
                                return count + 1;
        }
        for (int i = 0; i < SETTINGS; i++)
                if (!values[i])
                        return count;
        return 0;
}
