/* SPDX-License-Identifier: ISC */
#include "tests/differential/mutate.h"

#include <stdint.h>
#include <string.h>

/* xorshift64*, from a seed of ours: the same everywhere. */
static uint64_t chance_state = 0x5eedULL;

size_t chance(size_t below)
{
        chance_state ^= chance_state >> 12;
        chance_state ^= chance_state << 25;
        chance_state ^= chance_state >> 27;
        return (size_t)((chance_state * 0x2545f4914f6cdd1dULL) >> 33) % below;
}

static void insert(struct sample *text, size_t room, size_t at, const char *bytes, size_t length)
{
        if (text->length + length > room)
                return;
        memmove(text->bytes + at + length, text->bytes + at, text->length - at);
        memmove(text->bytes + at, bytes, length);
        text->length += length;
}

static void insert_part_of(struct sample *text, size_t room, size_t at, const struct sample *other)
{
        size_t from = chance(other->length + 1);
        size_t length = chance(other->length - from + 1);

        insert(text, room, at, other->bytes + from, length < 200 ? length : 200);
}

void mutate(struct sample *text, size_t room, const struct sample *word, const struct sample *other)
{
        size_t at = chance(text->length + 1);
        size_t length = chance(text->length - at + 1);
        char byte = (char)chance(256);

        switch (chance(8)) {
        case 0: /* a bit flipped */
                if (at < text->length)
                        text->bytes[at] ^= (char)(1 << chance(8));
                break;
        case 1: /* a byte replaced */
                if (at < text->length)
                        text->bytes[at] = byte;
                break;
        case 2: /* a byte put in */
                insert(text, room, at, &byte, 1);
                break;
        case 3:
        case 4: /* a word put in */
                insert(text, room, at, word->bytes, word->length);
                break;
        case 5: /* a few bytes taken out */
                length = length < 12 ? length : 12;
                memmove(text->bytes + at, text->bytes + at + length, text->length - at - length);
                text->length -= length;
                break;
        case 6: /* cut, mostly near the end */
                text->length -= chance(4) ? (text->length - at) % 9 : text->length - at;
                break;
        case 7: /* some of another */
                insert_part_of(text, room, at, other);
                break;
        }
}
