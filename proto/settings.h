/* SPDX-License-Identifier: ISC */
#ifndef PROTO_SETTINGS_H
#define PROTO_SETTINGS_H

/* The file `settings` of a gateway's directory. svcbroker-slot reads it, and so does the broker before any
 * gateway starts. */

#define SETTINGS_BYTES 16384 /* of the whole file, with a NUL behind it */

enum setting {
        S6,
        CLIENT_USER,
        DEFAULT_HOME,
        CONTAINER,
        VENV,
        BRAKE_SECONDS,
        BRAKE_DEATHS,
        BRAKE_RESTARTS,
        LOG_FILES,
        LOG_FILE_BYTES,
        SETTINGS
};

/* Parses the text in place; the values point into it. Each line is NAME=VALUE, where a shell would do no more
 * with the value than take its quotes off, or a comment, or empty; other names are passed over. Returns 0, or
 * the number of the first line that is something else, or the number of the last line if a setting is
 * missing. */
unsigned settings_parse(char *text, const char *values[SETTINGS]);

#endif
