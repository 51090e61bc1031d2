/* SPDX-License-Identifier: ISC */
#ifndef PROTO_SETTINGS_H
#define PROTO_SETTINGS_H

/* The settings of a gateway's directory, as svcbroker-slot reads them, and the broker before any gateway starts. */

#define SETTINGS_BYTES 16384 /* of the file, with a NUL behind it */

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

/* In place. Lines NAME=VALUE, where a shell would do no more with the value than take its quotes off; other names are left
 * alone. 0, or the number of the line that is something else, or where one is missing: the last. */
unsigned settings_parse(char *text, const char *values[SETTINGS]);

#endif
