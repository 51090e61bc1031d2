/* SPDX-License-Identifier: ISC */
#ifndef SIMULATION_CALLS_H
#define SIMULATION_CALLS_H

#include <errno.h>

#include "core.h"

/* The linker's --wrap: what the broker calls comes to __wrap_X, and goes on to __real_X. tests/simulation/meson.build has their
 * names once more. */

/* What may befall a call, beside its being put off where it is a worker's. */
enum {
        MAY_KILL = 1,    /* the broker is killed before or behind it: it changes something that others see */
        MAY_FILL = 2,    /* it needs room */
        MAY_BREAK = 4,   /* an error of the device */
        MAY_LACK_FD = 8, /* it makes a descriptor */
        MAY_LACK_MEMORY = 16,
        CHANGES = 32, /* something on a file system: a read-only one refuses it */
};

#define CALL(type, name, parameters, arguments, may)                                                         \
        type __real_##name parameters;                                                                       \
        type __wrap_##name parameters;                                                                       \
        type __wrap_##name parameters                                                                        \
        {                                                                                                    \
                type result;                                                                                 \
                                                                                                             \
                if (!sim_inside)                                                                             \
                        return __real_##name arguments;                                                      \
                errno = call_fails(#name, may);                                                              \
                if (errno)                                                                                   \
                        return (type)-1;                                                                     \
                result = __real_##name arguments;                                                            \
                if ((may)&MAY_LACK_FD)                                                                       \
                        descriptor_opened((int)result);                                                      \
                if ((may)&MAY_KILL)                                                                          \
                        call_is_done(#name);                                                                 \
                return result;                                                                               \
        }

/* The same for a call with a path in its first place, which may lead to the world's. */
#define CALL_PATH(type, name, parameters, arguments, may)                                                    \
        type __real_##name parameters;                                                                       \
        type __wrap_##name parameters;                                                                       \
        type __wrap_##name parameters                                                                        \
        {                                                                                                    \
                char other[PATH_MAX];                                                                        \
                type result;                                                                                 \
                                                                                                             \
                if (!sim_inside)                                                                             \
                        return __real_##name arguments;                                                      \
                errno = call_fails(#name, may);                                                              \
                if (errno)                                                                                   \
                        return (type)-1;                                                                     \
                if (path_redirect(path, other, sizeof(other)))                                               \
                        path = other;                                                                        \
                result = __real_##name arguments;                                                            \
                if ((may)&MAY_KILL)                                                                          \
                        call_is_done(#name);                                                                 \
                return result;                                                                               \
        }

/* What fstat() and the like say: ours is root's, and times are the world's. */
void stat_adapt(struct stat *found);
/* A file that this life has made: its times are from now on. */
void stat_note_made(int fd);

/* calls_files.c: what opening with such flags may be, and what becomes of what was opened. */
unsigned file_opens(int flags);
int file_opened(int fd, int flags);
void descriptor_is_pid(int fd, pid_t pid);
pid_t descriptor_pid(int fd);
int descriptor_opened(int fd);
void descriptor_closed(int fd);
void descriptor_note_inotify(int fd);
void descriptor_note_file(int fd);
bool descriptor_is_file(int fd);

#endif
