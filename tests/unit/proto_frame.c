/* SPDX-License-Identifier: ISC */
#include "unit.h"

#include <stdbool.h>
#include <stdint.h>

#include "proto/frame.h"

/* Puts all of it in, however often room must be asked for. False when the buffer is full before that. */
static bool put(struct frame_buffer *buffer, const char *bytes, size_t length)
{
        while (length > 0) {
                size_t room;
                char *where = frame_buffer_reserve(buffer, &room);
                size_t part = length < room ? length : room;

                if (!where) {
                        ck_assert_uint_eq(room, 0);
                        return false;
                }
                ck_assert_uint_gt(room, 0);
                memcpy(where, bytes, part);
                frame_buffer_commit(buffer, part);
                bytes += part;
                length -= part;
        }
        return true;
}

static void next_is(struct frame_buffer *buffer, const char *expected)
{
        char *message;
        size_t length;

        ck_assert_int_eq(frame_buffer_next(buffer, &message, &length), FRAME_READY);
        ck_assert_uint_eq(length, strlen(expected));
        ck_assert_mem_eq(message, expected, length + 1);
}

static void next_is_not(struct frame_buffer *buffer, enum frame_result expected)
{
        char *message = (char *)buffer;
        size_t length = 12345;

        ck_assert_int_eq(frame_buffer_next(buffer, &message, &length), expected);
        ck_assert_ptr_eq(message, buffer);
        ck_assert_uint_eq(length, 12345);
}

START_TEST(starts_without_memory)
{
        struct frame_buffer buffer;

        frame_buffer_init(&buffer, 100);
        next_is_not(&buffer, FRAME_PARTIAL);
        ck_assert_ptr_null(buffer.bytes);
        ck_assert_uint_eq(frame_buffer_pending(&buffer), 0);
        ck_assert_uint_eq(frame_buffer_complete(&buffer, 10), 0);
        frame_buffer_deinit(&buffer);
}
END_TEST

#define STREAM "{\"method\":\"a.b.C\"}\0\0x\0{\"one\":1}\0{\"two\":22}"
static const char *const stream_messages[] = {"{\"method\":\"a.b.C\"}", "", "x", "{\"one\":1}",
                                              "{\"two\":22}"};
enum { STREAM_MESSAGES = sizeof(stream_messages) / sizeof(stream_messages[0]) };

/* Takes after each piece, so that messages begin anywhere in the buffer; each is taken, put back and taken again. */
static void stream_in_pieces(const size_t *cuts, size_t count, size_t limit_bytes)
{
        static const char stream[] = STREAM;
        struct frame_buffer buffer;
        size_t taken = 0;
        size_t at = 0;

        frame_buffer_init(&buffer, limit_bytes);
        for (size_t i = 0; i <= count; i++) {
                size_t end = i < count ? cuts[i] : sizeof(stream);
                char *message;
                size_t length;

                ck_assert(put(&buffer, stream + at, end - at));
                at = end;
                while (frame_buffer_next(&buffer, &message, &length) == FRAME_READY) {
                        ck_assert_uint_lt(taken, STREAM_MESSAGES);
                        frame_buffer_put_back(&buffer, length);
                        next_is(&buffer, stream_messages[taken]);
                        ck_assert_str_eq(message, stream_messages[taken]);
                        ck_assert_uint_eq(length, strlen(stream_messages[taken]));
                        taken++;
                }
                next_is_not(&buffer, FRAME_PARTIAL);
        }
        ck_assert_uint_eq(taken, STREAM_MESSAGES);
        ck_assert_uint_eq(frame_buffer_pending(&buffer), 0);
        frame_buffer_deinit(&buffer);
}

START_TEST(split_at_every_byte)
{
        for (size_t cut = 0; cut <= sizeof(STREAM); cut++)
                stream_in_pieces(&cut, 1, 1000);
}
END_TEST

START_TEST(split_at_every_two_bytes)
{
        for (size_t first = 0; first <= sizeof(STREAM); first++) {
                for (size_t second = first; second <= sizeof(STREAM); second++)
                        stream_in_pieces((size_t[]){first, second}, 2, 1000);
        }
}
END_TEST

START_TEST(byte_by_byte)
{
        size_t cuts[sizeof(STREAM) - 1];

        for (size_t i = 0; i < sizeof(cuts) / sizeof(cuts[0]); i++)
                cuts[i] = i + 1;
        stream_in_pieces(cuts, sizeof(cuts) / sizeof(cuts[0]), 1000);
        stream_in_pieces(cuts, sizeof(cuts) / sizeof(cuts[0]), strlen("{\"method\":\"a.b.C\"}"));
}
END_TEST

static void exactly_at_the_limit(size_t limit)
{
        char *bytes = malloc(limit + 2);
        struct frame_buffer buffer;
        size_t room;

        memset(bytes, 'm', limit + 2);
        bytes[limit] = '\0';
        frame_buffer_init(&buffer, limit);
        for (int again = 0; again < 3; again++) {
                ck_assert(put(&buffer, bytes, limit + 1));
                ck_assert_uint_eq(frame_buffer_pending(&buffer), limit + 1);
                ck_assert_ptr_null(frame_buffer_reserve(&buffer, &room));
                ck_assert_uint_eq(room, 0);
                next_is(&buffer, bytes);
                next_is_not(&buffer, FRAME_PARTIAL);
        }
        frame_buffer_deinit(&buffer);
        free(bytes);
}

static void one_over_the_limit(size_t limit)
{
        char *bytes = malloc(limit + 2);
        struct frame_buffer buffer;

        memset(bytes, 'm', limit + 2);
        bytes[limit + 1] = '\0';
        frame_buffer_init(&buffer, limit);
        ck_assert(put(&buffer, bytes, limit));
        next_is_not(&buffer, FRAME_PARTIAL);
        ck_assert(put(&buffer, bytes + limit, 1));
        next_is_not(&buffer, FRAME_TOO_LARGE);
        ck_assert(!put(&buffer, bytes + limit + 1, 1));
        next_is_not(&buffer, FRAME_TOO_LARGE);
        ck_assert_uint_le(buffer.capacity, limit + 1);
        frame_buffer_deinit(&buffer);
        free(bytes);
}

START_TEST(limits)
{
        const size_t sizes[] = {0, 1, 2, 10, 4094, 4095, 4096, 4097, 8191, 8192, 10000, 65536};

        for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
                exactly_at_the_limit(sizes[i]);
                one_over_the_limit(sizes[i]);
        }
}
END_TEST

START_TEST(too_large_behind_small_ones)
{
        struct frame_buffer buffer;

        frame_buffer_init(&buffer, 8);
        ck_assert(put(&buffer, "ab\0cd\0", 6));
        ck_assert(put(&buffer, "123", 3));
        next_is(&buffer, "ab");
        next_is(&buffer, "cd");
        next_is_not(&buffer, FRAME_PARTIAL);
        ck_assert(put(&buffer, "456789", 6));
        next_is_not(&buffer, FRAME_TOO_LARGE);
        frame_buffer_deinit(&buffer);
}
END_TEST

/* What is left of a full buffer moves to its front, over and over. */
START_TEST(full_buffer_makes_room_when_one_is_taken)
{
        struct frame_buffer buffer;

        frame_buffer_init(&buffer, 9);
        ck_assert(put(&buffer, "1\0abcdefg", 9));
        ck_assert(put(&buffer, "h", 1));
        ck_assert(!put(&buffer, "!", 1));
        for (int i = 0; i < 20; i++) {
                next_is(&buffer, "1");
                next_is_not(&buffer, FRAME_PARTIAL);
                ck_assert(put(&buffer, "\0", 1));
                next_is(&buffer, "abcdefgh");
                next_is_not(&buffer, FRAME_PARTIAL);
                ck_assert(put(&buffer, "1\0abcdefgh", 10));
        }
        frame_buffer_deinit(&buffer);
}
END_TEST

START_TEST(memory_follows_what_came)
{
        char *bytes = calloc(1, 40001);
        struct frame_buffer buffer;

        memset(bytes, 'm', 40000);
        frame_buffer_init(&buffer, 65536);
        ck_assert(put(&buffer, "a", 1));
        ck_assert_uint_le(buffer.capacity, 4096);
        ck_assert(put(&buffer, bytes + 1, 40000));
        ck_assert_uint_ge(buffer.capacity, 40001);
        bytes[0] = 'a';
        next_is(&buffer, bytes);
        ck_assert_ptr_nonnull(buffer.bytes); /* the message is in it */
        next_is_not(&buffer, FRAME_PARTIAL);
        ck_assert_ptr_null(buffer.bytes);
        ck_assert_uint_eq(buffer.capacity, 0);
        frame_buffer_deinit(&buffer);
        free(bytes);
}
END_TEST

START_TEST(what_is_empty_keeps_its_first_memory)
{
        struct frame_buffer buffer;
        const char *first;
        size_t room;

        frame_buffer_init(&buffer, 65536);
        ck_assert_ptr_null(buffer.bytes);
        first = frame_buffer_reserve(&buffer, &room);
        ck_assert_ptr_nonnull(first);
        frame_buffer_commit(&buffer, 0);
        ck_assert_uint_eq(buffer.capacity, FRAME_FIRST_BYTES);
        for (int i = 0; i < 1000; i++) {
                ck_assert(put(&buffer, "message", 8));
                next_is(&buffer, "message");
                next_is_not(&buffer, FRAME_PARTIAL);
                ck_assert_ptr_eq(frame_buffer_reserve(&buffer, &room), first);
                ck_assert_uint_eq(room, FRAME_FIRST_BYTES);
                ck_assert_uint_eq(frame_buffer_pending(&buffer), 0);
        }
        frame_buffer_deinit(&buffer);
}
END_TEST

START_TEST(counts_complete_messages)
{
        struct frame_buffer buffer;

        frame_buffer_init(&buffer, 100);
        ck_assert(put(&buffer, "part", 4));
        ck_assert_uint_eq(frame_buffer_complete(&buffer, 10), 0);
        next_is_not(&buffer, FRAME_PARTIAL);
        ck_assert_uint_eq(frame_buffer_complete(&buffer, 10), 0);
        ck_assert(put(&buffer, "\0\0c\0d", 5));
        ck_assert_uint_eq(frame_buffer_complete(&buffer, 10), 3);
        ck_assert_uint_eq(frame_buffer_complete(&buffer, 3), 3);
        ck_assert_uint_eq(frame_buffer_complete(&buffer, 2), 2);
        ck_assert_uint_eq(frame_buffer_complete(&buffer, 0), 0);
        next_is(&buffer, "part");
        ck_assert_uint_eq(frame_buffer_complete(&buffer, 10), 2);
        next_is(&buffer, "");
        next_is(&buffer, "c");
        ck_assert_uint_eq(frame_buffer_complete(&buffer, 10), 0);
        ck_assert_uint_eq(frame_buffer_pending(&buffer), 1);
        frame_buffer_deinit(&buffer);
}
END_TEST

/* Against a plain model: random pieces of random messages through a small buffer. */
START_TEST(random_pieces)
{
        char *stream;
        struct frame_buffer buffer;
        size_t put_bytes;
        size_t taken;
        uint32_t random;

        enum { LIMIT = 37, TOTAL = 200000 };
        stream = malloc(TOTAL);
        put_bytes = 0;
        taken = 0;
        random = 1;

        for (size_t i = 0, run = 0; i < TOTAL; i++) {
                random = random * 1664525 + 1013904223;
                run = (random >> 16) % 12 == 0 || run == LIMIT || i == TOTAL - 1 ? 0 : run + 1;
                stream[i] = (char)(run == 0 ? '\0' : 'a' + (random >> 24) % 26);
        }
        frame_buffer_init(&buffer, LIMIT);
        while (taken < TOTAL) {
                size_t room;
                char *where = frame_buffer_reserve(&buffer, &room);
                char *message;
                size_t length;

                random = random * 1664525 + 1013904223;
                room = room < (random >> 16) % 50 ? room : (random >> 16) % 50;
                room = room < TOTAL - put_bytes ? room : TOTAL - put_bytes;
                if (where) {
                        memcpy(where, stream + put_bytes, room);
                        frame_buffer_commit(&buffer, room);
                        put_bytes += room;
                }
                for (unsigned takes = random % 5; takes > 0; takes--) {
                        if (frame_buffer_next(&buffer, &message, &length) != FRAME_READY)
                                break;
                        ck_assert_str_eq(message, stream + taken);
                        ck_assert_uint_eq(length, strlen(stream + taken));
                        taken += length + 1;
                }
                ck_assert_uint_eq(frame_buffer_pending(&buffer), put_bytes - taken);
        }
        frame_buffer_deinit(&buffer);
        free(stream);
}
END_TEST

int main(void)
{
        const TTest *tests[] = {
                starts_without_memory,
                split_at_every_byte,
                split_at_every_two_bytes,
                byte_by_byte,
                limits,
                too_large_behind_small_ones,
                full_buffer_makes_room_when_one_is_taken,
                memory_follows_what_came,
                what_is_empty_keeps_its_first_memory,
                counts_complete_messages,
                random_pieces,
        };

        return unit_run(unit_suite_of("proto_frame", tests));
}
