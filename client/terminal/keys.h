/* SPDX-License-Identifier: ISC */
#ifndef CLIENT_TERMINAL_KEYS_H
#define CLIENT_TERMINAL_KEYS_H

#include <stdbool.h>

/* The keys that a person types at a view, decoded from what terminals send. Pure. */

enum key {
        KEY_NONE = 0, /* no key yet, or none that is known */
        KEY_TEXT,     /* a byte of text, in keys->byte */
        KEY_PASTED,   /* a byte of text that was pasted, where the terminal says so */
        KEY_ENTER,
        KEY_ESCAPE,
        KEY_BACKSPACE,
        KEY_ERASE, /* erases the whole line */
        KEY_UP,
        KEY_DOWN,
        KEY_PAGE_UP,
        KEY_PAGE_DOWN,
        KEY_HOME,
        KEY_END,
        KEY_REDRAW,
};

/* A sequence may come in several pieces; but the Escape key alone sends what each of them begins with. */
#define KEYS_ESCAPE_MSEC 100    /* an Escape that nothing follows for so long was the key */
#define KEYS_SEQUENCE_MSEC 1000 /* a sequence that has not ended after so long never will */

/* A decoder of keys. All zero at first. */
struct keys {
        enum { KEYS_PLAIN = 0, KEYS_ESCAPE, KEYS_SEQUENCE, KEYS_SS3 } state;
        int number;   /* the number in a sequence like ESC [ 5 ~ */
        bool pasting; /* bytes are pasted text, not keys */
        bool escaped; /* the Escape key came right before this key, or Alt was held */
        unsigned char byte;
};

/* Takes the next byte, and returns the key that ends with it. */
enum key keys_take(struct keys *keys, unsigned char byte);

/* Returns how many msec to wait for the rest of a sequence that has begun; -1: none has. */
int keys_patience(const struct keys *keys);

/* Returns the key that the bytes were, when nothing more came for so long. */
enum key keys_give_up(struct keys *keys);

#endif
