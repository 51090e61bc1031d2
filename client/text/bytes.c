/* SPDX-License-Identifier: ISC */
#include "client/text/bytes.h"

#include <inttypes.h>
#include <stdio.h>

const char *bytes_format(int64_t bytes, char *buffer)
{
        static const char units[] = "KMGTPE";
        const char *unit = units;
        int64_t tenths;

        if (bytes <= 0 || bytes > INT64_MAX / 10) {
                snprintf(buffer, BYTES_TEXT_BYTES, "%s", bytes <= 0 ? "0" : "huge");
                return buffer;
        }
        tenths = bytes * 10 / 1024;
        while (tenths >= 10 * 1024 && unit[1]) {
                tenths /= 1024;
                unit++;
        }
        if (tenths < 1000 && unit > units)
                snprintf(buffer, BYTES_TEXT_BYTES, "%" PRId64 ".%" PRId64 "%c", tenths / 10, tenths % 10,
                         *unit);
        else
                snprintf(buffer, BYTES_TEXT_BYTES, "%" PRId64 "%c", tenths / 10, *unit);
        return buffer;
}
