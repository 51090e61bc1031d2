/* SPDX-License-Identifier: ISC */
#ifndef SLOT_ADOPT_BOOT_H
#define SLOT_ADOPT_BOOT_H

#include <stdbool.h>

struct registry;

/* Reads which life of the container was last reconciled, as adopt_note_boot() has noted it beside the slots,
 * and sets fresh_boot. Returns 0, or a negative errno for a shortage, which makes everything fail alike. */
int adopt_read_boot(struct registry *registry);

/* Is `name`, or its beginning, that of a file of the broker's own beside the slots? */
bool adopt_is_beside(const char *name);

#endif
