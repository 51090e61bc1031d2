/* SPDX-License-Identifier: ISC */
#include "client/text/range.h"

#include <stdlib.h>

static int compare(const void *key, const void *element)
{
        const uint32_t character = *(const uint32_t *)key;
        const struct range *range = element;

        return character < range->first ? -1 : character > range->last;
}

bool range_has(const struct range *ranges, size_t count, uint32_t character)
{
        /* Most text begins before the tables do. */
        return character >= ranges[0].first &&
               bsearch(&character, ranges, count, sizeof(*ranges), compare) != NULL;
}
