/* SPDX-License-Identifier: ISC */
#ifndef SESSION_SHARED_TEXT_H
#define SESSION_SHARED_TEXT_H

#include <stddef.h>

#include "proto/text.h"

/* Text that is sent to several peers, none of which has a copy. It does not change, and is freed when its
 * last user drops it. */
struct shared_text {
        char *bytes;
        size_t length;
        unsigned users;
};

/* Takes the text's bytes over; the caller is the first user. NULL: out of memory, and the text is as it
 * was. */
struct shared_text *shared_text_new(struct text *text);

/* Makes the caller another user. Returns the same text. */
struct shared_text *shared_text_use(struct shared_text *shared);

/* Ends a use, and sets the pointer to NULL, which it may be already. */
void shared_text_drop(struct shared_text **shared);

#endif
