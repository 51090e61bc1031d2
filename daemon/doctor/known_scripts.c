/* SPDX-License-Identifier: ISC */
#include "daemon/doctor/known_scripts.h"

#include <stdbool.h>
#include <stddef.h>

static bool is_of(const struct known_script *script, const struct stat *inode)
{
        return script->inode == inode->st_ino && script->device == inode->st_dev &&
               script->changed.tv_sec == inode->st_ctim.tv_sec &&
               script->changed.tv_nsec == inode->st_ctim.tv_nsec;
}

const struct known_script *known_scripts_find(const struct known_scripts *known, const struct stat *inode)
{
        for (unsigned i = 0; i < known->noted && i < DIAGNOSE_SOUND_MOST; i++)
                if (is_of(&known->at[i], inode))
                        return &known->at[i];
        return NULL;
}

void known_scripts_note(struct known_scripts *known, const struct stat *inode, int result,
                        const struct interpreter *interpreter)
{
        struct known_script *script = &known->at[known->noted++ % DIAGNOSE_SOUND_MOST];

        *script = (struct known_script){
                .device = inode->st_dev, .inode = inode->st_ino, .changed = inode->st_ctim, .result = result};
        if (result > 0)
                script->interpreter = *interpreter;
}
