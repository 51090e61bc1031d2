/* SPDX-License-Identifier: ISC */
#ifndef SIMULATION_PROFILES_H
#define SIMULATION_PROFILES_H

#include <stdbool.h>

/* Its directory is on the volume. */
bool profile_is_there(const char *profile);
/* Nobody has made or deleted it for a while; ever. */
bool profile_is_settled(const char *profile);
bool profile_was_touched(const char *profile);

/* odd_files.c: something that others write, about that profile or about all. */
void odd_file_write(const char *profile);

#endif
