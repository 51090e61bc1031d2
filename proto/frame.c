/* SPDX-License-Identifier: ISC */
#include "proto/frame.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

void frame_buffer_init(struct frame_buffer *buffer, size_t limit_bytes)
{
        *buffer = (struct frame_buffer){.limit_bytes = limit_bytes};
}

void frame_buffer_deinit(struct frame_buffer *buffer)
{
        free(buffer->bytes);
        frame_buffer_init(buffer, buffer->limit_bytes);
}

/* Gives back the memory of an empty buffer, but for the first of it, which the next message needs again. */
static void frame_buffer_release_if_empty(struct frame_buffer *buffer)
{
        if (buffer->start < buffer->end)
                return;
        if (buffer->capacity > FRAME_FIRST_BYTES)
                frame_buffer_deinit(buffer);
        else
                buffer->start = buffer->end = 0;
}

static void frame_buffer_compact(struct frame_buffer *buffer)
{
        size_t pending = frame_buffer_pending(buffer);

        if (buffer->start == 0)
                return;
        memmove(buffer->bytes, buffer->bytes + buffer->start, pending);
        buffer->start = 0;
        buffer->end = pending;
}

static bool frame_buffer_grow(struct frame_buffer *buffer)
{
        size_t most = buffer->limit_bytes + 1;
        size_t capacity = buffer->capacity ? buffer->capacity : FRAME_FIRST_BYTES / 2;
        char *bytes;

        capacity = capacity < most / 2 ? capacity * 2 : most;
        bytes = realloc(buffer->bytes, capacity);
        if (!bytes)
                return false;
        buffer->bytes = bytes;
        buffer->capacity = capacity;
        return true;
}

char *frame_buffer_reserve(struct frame_buffer *buffer, size_t *room)
{
        /* To move no more bytes than were taken since the last move costs nothing in the long run. */
        if (buffer->start > 0 && buffer->start >= frame_buffer_pending(buffer))
                frame_buffer_compact(buffer);
        if (buffer->end == buffer->capacity) {
                if (buffer->capacity > buffer->limit_bytes) {
                        frame_buffer_compact(buffer);
                } else if (!frame_buffer_grow(buffer)) {
                        *room = 1;
                        return NULL;
                }
        }
        *room = buffer->capacity - buffer->end;
        return *room > 0 ? buffer->bytes + buffer->end : NULL;
}

void frame_buffer_commit(struct frame_buffer *buffer, size_t length)
{
        buffer->end += length;
        frame_buffer_release_if_empty(buffer);
}

enum frame_result frame_buffer_next(struct frame_buffer *buffer, char **message, size_t *length)
{
        size_t pending = frame_buffer_pending(buffer);
        char *first = NULL;
        char *nul = NULL;

        if (pending > buffer->scanned) {
                first = buffer->bytes + buffer->start;
                nul = memchr(first + buffer->scanned, '\0', pending - buffer->scanned);
        }
        if (!nul) {
                buffer->scanned = pending;
                frame_buffer_release_if_empty(buffer);
                return pending > buffer->limit_bytes ? FRAME_TOO_LARGE : FRAME_PARTIAL;
        }
        *message = first;
        *length = (size_t)(nul - first);
        buffer->start += *length + 1;
        buffer->scanned = 0;
        return FRAME_READY;
}

void frame_buffer_put_back(struct frame_buffer *buffer, size_t length)
{
        buffer->start -= length + 1;
        buffer->scanned = length;
}

size_t frame_buffer_count(const struct frame_buffer *buffer, size_t most)
{
        size_t at = buffer->start + buffer->scanned;
        size_t count = 0;

        while (count < most && at < buffer->end) {
                const char *nul = memchr(buffer->bytes + at, '\0', buffer->end - at);

                if (!nul)
                        break;
                at = (size_t)(nul - buffer->bytes) + 1;
                count++;
        }
        return count;
}
