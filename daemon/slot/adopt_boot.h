/* SPDX-License-Identifier: ISC */
#ifndef SLOT_ADOPT_BOOT_H
#define SLOT_ADOPT_BOOT_H

#include <stdbool.h>

struct registry;

/* Which life of the container was last reconciled, as adopt_note_boot() has noted it beside the slots: sets fresh_boot.
 * 0, or a negative errno where everything fails alike. */
int adopt_read_boot(struct registry *registry);

/* Is that the name of what lies beside the slots and is the broker's own? */
bool adopt_is_beside(const char *name);

#endif
