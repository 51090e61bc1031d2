/* SPDX-License-Identifier: ISC */
#ifndef FUZZ_SHOWN_H
#define FUZZ_SHOWN_H

#include "client/terminal/look.h"
#include "client/text/printable.h"
#include "proto/utf8.h"

#include "fuzz.h"

/* What gets to a terminal, of whatever others wrote: nothing that moves it, hides something or turns it round. */
static inline void check_shown(const char *text, size_t length, enum printable printable, bool tabs, bool colours)
{
        for (size_t at = 0; at < length;) {
                size_t colour = printable_colour(text + at, length - at);
                uint32_t character = 0;
                size_t size = utf8_decode(text + at, length - at, &character);

                if (colour) {
                        must(colours);
                        at += colour;
                        continue;
                }
                must(size || printable == PRINTABLE_BYTES);
                must(!size || character == '\n' || (tabs && character == '\t') || character >= ' ');
                must(!size || character < 0x7f || character >= 0xa0);
                must(!size || !(character >= 0x202a && character <= 0x202e));
                must(printable != PRINTABLE_ASCII || (size && character < 0x7f));
                at += size ? size : 1;
        }
}

#endif
