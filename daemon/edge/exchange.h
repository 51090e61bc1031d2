/* SPDX-License-Identifier: ISC */
#ifndef EDGE_EXCHANGE_H
#define EDGE_EXCHANGE_H

/* Exchanges two names in one directory: each then has what the other had, and neither is gone for an instant.
 * 0, or -1 and errno, as renameat2() returns them. */
int exchange_names(int directory, const char *one, const char *other);

#endif
