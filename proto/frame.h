/* SPDX-License-Identifier: ISC */
#ifndef PROTO_FRAME_H
#define PROTO_FRAME_H

#include <stddef.h>

/* The first size of a buffer, which it keeps. */
#define FRAME_FIRST_BYTES 1024

/*
 * Splits a byte stream into Varlink messages: each ends with a NUL byte that is not part of it.
 * Memory grows with what was received, up to the limit, and goes back when everything was taken, but for
 * FRAME_FIRST_BYTES.
 */
struct frame_buffer {
        char *bytes;
        size_t start;    /* first byte not taken yet */
        size_t end;      /* behind the last byte received */
        size_t scanned;  /* bytes of [start, end) known to hold no NUL */
        size_t capacity; /* bytes allocated */
        size_t limit_bytes;
};

enum frame_result {
        FRAME_READY,     /* a message was taken */
        FRAME_PARTIAL,   /* more bytes are needed */
        FRAME_TOO_LARGE, /* the first message is longer than the limit; nothing more can be taken */
};

/* limit_bytes: of one message without its NUL. Allocates nothing. */
void frame_buffer_init(struct frame_buffer *buffer, size_t limit_bytes);
void frame_buffer_deinit(struct frame_buffer *buffer);

/*
 * Where to receive the next bytes; *room says how many fit. NULL with *room 0: full (take messages first);
 * NULL with *room 1: out of memory. At most limit_bytes + 1 bytes are ever held.
 */
char *frame_buffer_reserve(struct frame_buffer *buffer, size_t *room);

/* Says that `length` bytes were put where frame_buffer_reserve() said; at most *room. */
void frame_buffer_commit(struct frame_buffer *buffer, size_t length);

/* Takes the next message: *message is NUL-terminated and valid until the next call on this buffer. */
enum frame_result frame_buffer_next(struct frame_buffer *buffer, char **message, size_t *length);

/* Puts the message back that was taken last, of that length, so that it is taken again. No other call on this
 * buffer may have come between. */
void frame_buffer_put_back(struct frame_buffer *buffer, size_t length);

/* Bytes received and not taken. */
static inline size_t frame_buffer_pending(const struct frame_buffer *buffer)
{
        return buffer->end - buffer->start;
}

/* How many complete messages are in the bytes that were not looked at yet: for frame_buffer_complete(). */
size_t frame_buffer_count(const struct frame_buffer *buffer, size_t most);

/* How many complete messages wait to be taken (counting stops at `most`). */
static inline size_t frame_buffer_complete(const struct frame_buffer *buffer, size_t most)
{
        return frame_buffer_pending(buffer) > buffer->scanned ? frame_buffer_count(buffer, most) : 0;
}

#endif
