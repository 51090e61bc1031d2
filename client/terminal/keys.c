/* SPDX-License-Identifier: ISC */
#include "client/terminal/keys.h"

#define NUMBER_LARGEST 999
#define PASTE_BEGINS 200
#define PASTE_ENDS 201

static enum key plain_key(struct keys *keys, unsigned char byte)
{
        keys->byte = byte;
        switch (byte) {
        case 0x1b:
                keys->state = KEYS_ESCAPE;
                return KEY_NONE;
        case '\r':
        case '\n':
                return KEY_ENTER;
        case '\b':
        case 0x7f:
                return KEY_BACKSPACE;
        case 'U' & 0x1f:
        case 'W' & 0x1f:
                return KEY_ERASE;
        case 'P' & 0x1f:
                return KEY_UP;
        case 'N' & 0x1f:
                return KEY_DOWN;
        case 'B' & 0x1f:
                return KEY_PAGE_UP;
        case 'F' & 0x1f:
                return KEY_PAGE_DOWN;
        case 'L' & 0x1f:
                return KEY_REDRAW;
        default:
                return byte < 0x20 ? KEY_NONE : KEY_TEXT;
        }
}

/* Returns the key of a letter behind ESC [ or ESC O, whichever mode the terminal's keypad is in. */
static enum key letter_key(unsigned char letter)
{
        switch (letter) {
        case 'A':
                return KEY_UP;
        case 'B':
                return KEY_DOWN;
        case 'H':
                return KEY_HOME;
        case 'F':
                return KEY_END;
        case 'M':
                return KEY_ENTER; /* the keypad's, as ESC O M */
        default:
                return KEY_NONE;
        }
}

static enum key number_key(struct keys *keys)
{
        switch (keys->number) {
        case 5:
                return KEY_PAGE_UP;
        case 6:
                return KEY_PAGE_DOWN;
        case 1:
        case 7:
                return KEY_HOME;
        case 4:
        case 8:
                return KEY_END;
        case PASTE_BEGINS:
        case PASTE_ENDS:
                keys->pasting = keys->number == PASTE_BEGINS;
                return KEY_NONE;
        default:
                return KEY_NONE;
        }
}

/* Takes a byte of a sequence. Unknown sequences are swallowed whole, so that a letter at their end is no
 * key. */
static enum key sequence_key(struct keys *keys, unsigned char byte)
{
        if (byte >= '0' && byte <= '9') {
                keys->number =
                        keys->number > NUMBER_LARGEST ? NUMBER_LARGEST : keys->number * 10 + (byte - '0');
                return KEY_NONE;
        }
        if (byte >= 0x20 && byte < 0x40) {
                keys->number = NUMBER_LARGEST; /* a key with a modifier is another key */
                return KEY_NONE;
        }
        keys->state = KEYS_PLAIN;
        if (byte == 0x1b) /* this sequence was cut off, and another begins */
                return plain_key(keys, byte);
        if (byte == '~')
                return number_key(keys);
        return keys->number == 0 && byte != 'M' ? letter_key(byte) : KEY_NONE;
}

static enum key take(struct keys *keys, unsigned char byte)
{
        switch (keys->state) {
        case KEYS_PLAIN:
                break;
        case KEYS_ESCAPE:
                keys->state = KEYS_PLAIN;
                if (byte != '[' && byte != 'O') {
                        keys->escaped = true;
                        break;
                }
                keys->state = byte == '[' ? KEYS_SEQUENCE : KEYS_SS3;
                keys->number = 0;
                return KEY_NONE;
        case KEYS_SS3:
                keys->state = KEYS_PLAIN;
                return byte == 0x1b ? plain_key(keys, byte) : letter_key(byte);
        case KEYS_SEQUENCE:
                return sequence_key(keys, byte);
        }
        return plain_key(keys, byte);
}

enum key keys_take(struct keys *keys, unsigned char byte)
{
        enum key key;

        keys->escaped = false;
        key = take(keys, byte);
        if (keys->escaped && key == KEY_NONE) { /* the next byte is no key, or begins a sequence */
                keys->escaped = false;
                key = KEY_ESCAPE;
        }
        if (!keys->pasting || key == KEY_NONE)
                return key;
        /* Only the text of a paste counts, whatever its other bytes look like. */
        return key == KEY_TEXT ? KEY_PASTED : KEY_NONE;
}

int keys_patience(const struct keys *keys)
{
        switch (keys->state) {
        case KEYS_PLAIN:
                return -1;
        case KEYS_ESCAPE:
                return KEYS_ESCAPE_MSEC;
        case KEYS_SEQUENCE:
        case KEYS_SS3:
                return KEYS_SEQUENCE_MSEC;
        }
        return -1;
}

enum key keys_give_up(struct keys *keys)
{
        bool escape = keys->state == KEYS_ESCAPE && !keys->pasting;

        keys->state = KEYS_PLAIN;
        return escape ? KEY_ESCAPE : KEY_NONE;
}
