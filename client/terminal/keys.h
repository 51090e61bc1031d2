/* SPDX-License-Identifier: ISC */
#ifndef CLIENT_TERMINAL_KEYS_H
#define CLIENT_TERMINAL_KEYS_H

/* What a person types at a view, as terminals send it. Pure. */

enum key {
        KEY_NONE = 0, /* nothing yet, or nothing known */
        KEY_QUIT,
        KEY_UP,
        KEY_DOWN,
        KEY_PAGE_UP,
        KEY_PAGE_DOWN,
        KEY_HOME,
        KEY_END,
        KEY_REDRAW,
};

/* Zeroed at first. */
struct keys {
        enum { KEYS_PLAIN = 0, KEYS_ESCAPE, KEYS_SEQUENCE, KEYS_SS3 } state;
        int number; /* of a sequence like ESC [ 5 ~ */
};

/* The key that ends with this byte. */
enum key keys_take(struct keys *keys, unsigned char byte);

#endif
