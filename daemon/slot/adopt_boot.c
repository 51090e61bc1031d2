/* SPDX-License-Identifier: ISC */
#include "daemon/slot/adopt_boot.h"

#include <stdlib.h>
#include <string.h>

#include "daemon/bounds.h"
#include "daemon/edge/slot_program.h"
#include "daemon/edge/tree.h"
#include "daemon/judge/shortage.h"
#include "daemon/log/log.h"
#include "daemon/service/registry.h"
#include "daemon/slot/adopt.h"
#include "proto/sysname.h"

/* The file that says which life of the container was last reconciled. */
#define BOOT_NOTE ".boot"
#define BOOT_NOTE_NEW BOOT_NOTE ".new"

bool adopt_is_beside(const char *name)
{
        static const char *const names[] = {BOOT_NOTE, OWED_FILE, SLOT_PROGRAM_KEPT};

        for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
                if (strncmp(name, names[i], strlen(names[i])) == 0)
                        return true;
        return false;
}

int adopt_read_boot(struct registry *registry)
{
        char *note = NULL;
        size_t length;
        int result = tree_read(registry->slots.fd, BOOT_NOTE, RECORD_BOOT_BYTES, &note, &length);

        registry->fresh_boot = result != 0 || strcmp(note, registry->boot) != 0;
        free(note);
        tree_remove(registry->slots.fd, BOOT_NOTE_NEW);
        return shortage_is_why(result) ? result : 0;
}

void adopt_note_boot(struct registry *registry)
{
        int result = tree_replace(registry->slots.fd, BOOT_NOTE_NEW, BOOT_NOTE, registry->boot,
                                  strlen(registry->boot), 0600);

        if (result)
                log_event("reconcile: cannot note that it is done: why=%s", sysname_error(-result));
        registry->fresh_boot = false;
}
