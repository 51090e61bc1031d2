/* SPDX-License-Identifier: ISC */
#include "client/log/loglast.h"

#include <stdlib.h>
#include <string.h>

void loglast_init(struct loglast *last, size_t most)
{
        *last = (struct loglast){.most = most};
}

static void drop_first(struct loglast *last)
{
        struct logmerge_entry *first = &last->ring[last->first];

        last->bytes -= first->entry.line.length;
        free((char *)first->entry.line.text);
        last->first = (last->first + 1) % last->room;
        last->count--;
}

void loglast_deinit(struct loglast *last)
{
        while (last->count > 0)
                drop_first(last);
        free(last->ring);
        last->ring = NULL;
        last->room = last->bytes = 0;
}

/* Makes the ring larger, which happens only while it is not full, so that the first entry is where it
 * begins. */
static bool make_room(struct loglast *last)
{
        size_t room = last->room == 0 ? 64 : last->room * 2;
        struct logmerge_entry *ring;

        if (last->count < last->room)
                return true;
        if (room > last->most)
                room = last->most;
        if (room * sizeof(*ring) > LOGLAST_BYTES_MAX)
                return false;
        ring = reallocarray(last->ring, room, sizeof(*ring));
        if (!ring)
                return false;
        last->ring = ring;
        last->room = room;
        return true;
}

static bool keep(struct loglast *last, const struct logmerge_entry *entry)
{
        const struct logline *line = &entry->entry.line;
        struct logmerge_entry *place;
        char *text;

        if (last->count == last->most)
                drop_first(last);
        if (last->bytes + line->length > LOGLAST_BYTES_MAX || !make_room(last))
                return false;
        text = malloc(line->length + 1);
        if (!text)
                return false;
        memcpy(text, line->text, line->length);
        place = &last->ring[(last->first + last->count) % last->room];
        *place = *entry;
        place->entry.line.text = text;
        last->bytes += line->length;
        last->count++;
        return true;
}

void loglast_take(struct loglast *last, const struct logmerge_entry *entry)
{
        last->total++;
        if (last->most == 0 || last->lost)
                return;
        last->lost = !keep(last, entry);
        if (last->lost)
                loglast_deinit(last);
}

const struct logmerge_entry *loglast_at(const struct loglast *last, size_t number)
{
        return number < last->count ? &last->ring[(last->first + number) % last->room] : NULL;
}
