/* SPDX-License-Identifier: ISC */
#include "client/terminal/keys.h"

#define NUMBER_MAX 999

static enum key plain_key(struct keys *keys, unsigned char byte)
{
        switch (byte) {
        case 0x1b:
                keys->state = KEYS_ESCAPE;
                return KEY_NONE;
        case 'q':
        case 'Q':
                return KEY_QUIT;
        case 'k':
                return KEY_UP;
        case 'j':
        case '\r':
        case '\n':
                return KEY_DOWN;
        case 'b':
        case 'B' & 0x1f:
                return KEY_PAGE_UP;
        case ' ':
        case 'F' & 0x1f:
                return KEY_PAGE_DOWN;
        case 'g':
                return KEY_HOME;
        case 'G':
                return KEY_END;
        case 'L' & 0x1f:
                return KEY_REDRAW;
        default:
                return KEY_NONE;
        }
}

/* The letter behind ESC [ or ESC O, whichever mode the terminal's keypad is in. */
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
        default:
                return KEY_NONE;
        }
}

static enum key number_key(int number)
{
        switch (number) {
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
        default:
                return KEY_NONE;
        }
}

/* Unknown sequences are swallowed whole, so that a letter at their end is no key. */
static enum key sequence_key(struct keys *keys, unsigned char byte)
{
        if (byte >= '0' && byte <= '9') {
                keys->number = keys->number > NUMBER_MAX ? NUMBER_MAX : keys->number * 10 + (byte - '0');
                return KEY_NONE;
        }
        if (byte >= 0x20 && byte < 0x40) {
                keys->number = NUMBER_MAX; /* with a modifier: another key */
                return KEY_NONE;
        }
        keys->state = KEYS_PLAIN;
        if (byte == '~')
                return number_key(keys->number);
        return keys->number == 0 ? letter_key(byte) : KEY_NONE;
}

enum key keys_take(struct keys *keys, unsigned char byte)
{
        switch (keys->state) {
        case KEYS_PLAIN:
                break;
        case KEYS_ESCAPE:
                keys->state = KEYS_PLAIN;
                if (byte != '[' && byte != 'O')
                        break; /* the Escape key, and then another */
                keys->state = byte == '[' ? KEYS_SEQUENCE : KEYS_SS3;
                keys->number = 0;
                return KEY_NONE;
        case KEYS_SS3:
                keys->state = KEYS_PLAIN;
                return letter_key(byte);
        case KEYS_SEQUENCE:
                return sequence_key(keys, byte);
        }
        return plain_key(keys, byte);
}
