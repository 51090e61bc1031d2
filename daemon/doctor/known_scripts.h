/* SPDX-License-Identifier: ISC */
#ifndef DOCTOR_KNOWN_SCRIPTS_H
#define DOCTOR_KNOWN_SCRIPTS_H

#include <sys/stat.h>

#include "daemon/bounds.h"
#include "daemon/edge/interpreter.h"

/*
 * Files that s6 can execute, and what each says of its interpreter. They are known by their inodes, since a
 * thousand slots share the same few: whatever else a hard link is made to is on the same mount. Whoever
 * changes an inode, or makes a link to it, gives it another time, and it is not known any more.
 */
struct known_script {
        dev_t device;
        ino_t inode;
        struct timespec changed;
        int result; /* interpreter_read()'s, which is not negative */
        struct interpreter interpreter;
};

struct known_scripts {
        struct known_script at[DIAGNOSE_SOUND_MOST];
        unsigned noted; /* of which the last ones are kept */
};

/* NULL: it is not known. */
const struct known_script *known_scripts_find(const struct known_scripts *known, const struct stat *inode);

void known_scripts_note(struct known_scripts *known, const struct stat *inode, int result,
                        const struct interpreter *interpreter);

#endif
