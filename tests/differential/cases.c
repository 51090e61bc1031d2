/* SPDX-License-Identifier: ISC */
#include "tests/differential/cases.h"

#include <dirent.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/limits.h"
#include "tests/differential/mutate.h"

#define CASE_BYTES (2 * LIMIT_REQUEST_BYTES) /* no text is longer, mutated or not */
#define POOL_MAX 65536
#define WORDS_MAX 128
#define LINE_BYTES 1024 /* of a dictionary */

static struct sample pool[POOL_MAX];
static size_t pool_count;
static size_t good[POOL_MAX]; /* those that were accepted */
static size_t good_count;
static size_t messages_first; /* in the pool */
static size_t messages_count;
static struct sample words[WORDS_MAX];
static size_t words_count;
static case_judge judged_by;

static _Noreturn void give_up(const char *what)
{
        perror(what);
        exit(111);
}

static char *copy_of(const char *bytes, size_t length)
{
        char *copy = malloc(length + 1);

        if (!copy)
                give_up("malloc");
        memcpy(copy, bytes, length);
        copy[length] = '\0';
        return copy;
}

/* Judged, and kept for mutations. */
static void add(const char *label, const char *bytes, size_t length)
{
        if (length > CASE_BYTES || pool_count == POOL_MAX) {
                fprintf(stderr, "%s: no room for it\n", label);
                exit(111);
        }
        pool[pool_count] = (struct sample){copy_of(bytes, length), length};
        if (judged_by(label, pool[pool_count].bytes, length))
                good[good_count++] = pool_count;
        pool_count++;
}

/* As text_append_*() are tested here too, the texts are put together without them. */
static char built[CASE_BYTES + 1];
static size_t built_length;

static void build(const char *format, ...)
{
        size_t room = sizeof(built) - built_length;
        va_list arguments;
        int length;

        va_start(arguments, format);
        length = vsnprintf(built + built_length, room, format, arguments);
        va_end(arguments);
        if (length < 0 || (size_t)length >= room)
                give_up("a case");
        built_length += (size_t)length;
}

static void build_many(const char *piece, size_t times)
{
        for (size_t i = 0; i < times; i++)
                build("%s", piece);
}

static void add_built(const char *label)
{
        add(label, built, built_length);
        built_length = 0;
}

static int is_case(const struct dirent *entry)
{
        return entry->d_name[0] != '.';
}

/* Not alphasort(), which goes by the locale. */
static int by_bytes(const struct dirent **one, const struct dirent **other)
{
        return strcmp((*one)->d_name, (*other)->d_name);
}

static FILE *open_below(const char *directory, const char *name)
{
        char path[8192];
        FILE *file;

        snprintf(path, sizeof(path), "%s/%s", directory, name);
        file = fopen(path, "rb");
        if (!file)
                give_up(path);
        return file;
}

static void add_corpus(const char *directory)
{
        static char bytes[CASE_BYTES + 1];
        struct dirent **entries;
        int count = scandir(directory, &entries, is_case, by_bytes);

        if (count < 0)
                give_up(directory);
        for (int i = 0; i < count; i++) {
                FILE *file = open_below(directory, entries[i]->d_name);

                add(entries[i]->d_name, bytes, fread(bytes, 1, sizeof(bytes), file));
                fclose(file);
                free(entries[i]);
        }
        free(entries);
}

/* A line is a text in quotes, with \" \\ and \xNN in it. *text is of LINE_BYTES. */
static bool read_line(const char *line, struct sample *text)
{
        text->length = 0;
        if (*line != '"')
                return false;
        for (line++; *line && *line != '"'; line++) {
                char byte = *line;

                if (byte == '\\' && *++line == 'x') {
                        byte = (char)strtoul((char[]){line[1], line[2], '\0'}, NULL, 16);
                        line += 2;
                } else if (byte == '\\') {
                        byte = *line;
                }
                text->bytes[text->length++] = byte;
        }
        text->bytes[text->length] = '\0';
        return true;
}

/* Hands over each line of a dictionary, as libFuzzer has them, with its number. */
static void read_dictionary(const char *directory, const char *name,
                            void (*take)(const struct sample *text, unsigned number))
{
        char line[LINE_BYTES];
        char bytes[LINE_BYTES];
        struct sample text = {bytes, 0};
        FILE *file = open_below(directory, name);

        for (unsigned number = 1; fgets(line, sizeof(line), file); number++) {
                if (read_line(line, &text))
                        take(&text, number);
        }
        fclose(file);
}

static void take_word(const struct sample *text, unsigned number)
{
        if (words_count == WORDS_MAX)
                give_up("too many words");
        words[words_count++] = (struct sample){copy_of(text->bytes, text->length), text->length};
}

static void take_message(const struct sample *text, unsigned number)
{
        char label[32];

        snprintf(label, sizeof(label), "message-%u", number);
        if (messages_count++ == 0)
                messages_first = pool_count;
        add(label, text->bytes, text->length);
}

/* Where a value can stand: each reader has one. */
static const char *const places[] = {
        "%s",
        " [%s ]",
        "{\"a\":%s}",
        "{\"method\":\"a\",\"parameters\":{\"timeout_msec\":%s}}",
        "{\"method\":\"a\",\"parameters\":{\"profile\":%s}}",
        "{\"method\":\"a\",\"parameters\":{\"environment\":{\"A\":%s}}}",
        "{\"version\":%s,\"want\":\"up\"}",
        "{\"version\":1,\"want\":\"up\",\"environment\":{\"A\":%s}}",
        "{\"desired_state\":\"running\",\"x\":[%s]}",
        "{\"version\":1,\"want\":\"up\",\"pending\":\"nothing\",\"told\":\"nothing\",\"told_pid\":0,"
        "\"removing\":false,"
        "\"hold\":\"none\",\"attempt\":0,\"next_start_usec\":%s,\"restarts\":0,\"reason\":\"\",\"boot\":"
        "\"\"}",
};

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
static void take_value(const struct sample *text, unsigned number)
{
        char label[64];

        for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++) {
                snprintf(label, sizeof(label), "value-%u-%zu", number, i);
                build(places[i], text->bytes);
                add_built(label);
        }
}
#pragma GCC diagnostic pop

/*
 * One escaped character, alone, before a letter and before another escape, for each thousandth code point or
 * so and for all beside a border: also of those whose lower half looks like a surrogate (U+1D800, U+2DC00).
 */
static void build_escape(uint32_t code_point)
{
        if (code_point < 0x10000) {
                build("\\u%04x", code_point);
                return;
        }
        build("\\u%04x\\u%04x", 0xd800 + ((code_point - 0x10000) >> 10),
              0xdc00 + ((code_point - 0x10000) & 0x3ff));
}

static void add_escapes(void)
{
        static const char *const behind[] = {"", "x", "\\n", "\\u0041", "\\ud83d\\ude00", "\\udc00"};

        for (uint32_t border = 0; border <= 0x110000; border += 0x400) {
                for (uint32_t code_point = border ? border - 2 : 0; code_point < border + 2; code_point++) {
                        if (code_point >= 0x110000)
                                break;
                        for (size_t i = 0; i < sizeof(behind) / sizeof(*behind); i++) {
                                build("{\"error\":\"");
                                build_escape(code_point);
                                build("%s\"}", behind[i]);
                                add_built("escape");
                        }
                }
        }
}

static void add_deep(const char *opening, const char *innermost, const char *closing, size_t depth)
{
        char label[32];

        snprintf(label, sizeof(label), "depth-%zu", depth);
        build_many(opening, depth);
        build("%s", innermost);
        build_many(closing, depth);
        add_built(label);
}

static void add_depths(void)
{
        for (size_t depth = 1; depth <= 70; depth++) {
                add_deep("[", "", "]", depth);
                add_deep("[", "1", "]", depth);
                add_deep("{\"a\":", "[]", "}", depth);
                add_deep("[{\"a\":", "\"b\"", "}]", depth);
                add_deep("[", "", "", depth);
        }
}

static void add_long(const char *piece, size_t bytes_each, size_t bytes)
{
        char label[64];

        snprintf(label, sizeof(label), "string-%zu", bytes);
        build("{\"method\":\"a\",\"parameters\":{\"profile\":\"");
        build_many(piece, bytes / bytes_each);
        build_many("x", bytes % bytes_each);
        build("\"}}");
        add_built(label);
        build("{\"");
        build_many(piece, bytes / bytes_each);
        build_many("x", bytes % bytes_each);
        build("\":1}");
        add_built(label);
}

static void add_lengths(void)
{
        static const size_t edges[] = {31, 32, 33, 4095, 4096, 4097, 8191, 8192};

        for (size_t i = 0; i < sizeof(edges) / sizeof(*edges); i++) {
                add_long("x", 1, edges[i]);
                add_long("\xc3\xa9", 2, edges[i]);
                add_long("\\u00e9", 2, edges[i]);
                add_long("\\ud83d\\ude00", 4, edges[i]);
                add_long("\\n", 1, edges[i]);
        }
        add_long("x", 1, 65535);
        add_long("x", 1, 65536);
        for (size_t digits = 17; digits <= 1100; digits = digits * 5 / 4) {
                build("[");
                build_many("9", digits);
                build(", 0.");
                build_many("3", digits);
                build(", 1");
                build_many("0", digits);
                build(".5, ");
                build_many("7", digits);
                build("e-%zu]", digits);
                add_built("digits");
        }
}

static void add_counts(void)
{
        for (size_t count = LIMIT_JSON_VALUES - 3; count <= LIMIT_JSON_VALUES + 2; count++) {
                build("{\"method\":\"a\",\"parameters\":{\"names\":[\"\"");
                build_many(",\"\"", count - 1);
                build("]}}");
                add_built("elements");
                build("{");
                for (size_t i = 0; i < count; i++)
                        build("%s\"%zx\":%zu", i ? "," : "", i, i);
                build("}");
                add_built("members");
        }
}

/* Mostly of what is accepted, or hardly a mutation would be; and often a whole message. */
static const struct sample *choose(void)
{
        if (chance(2))
                return &pool[messages_first + chance(messages_count)];
        return &pool[chance(4) ? good[chance(good_count)] : chance(pool_count)];
}

static void judge_mutations(unsigned count)
{
        static char bytes[CASE_BYTES + 1];
        char label[32];

        for (unsigned i = 0; i < count; i++) {
                const struct sample *from = choose();
                struct sample text = {bytes, from->length};

                memcpy(bytes, from->bytes, from->length);
                for (size_t times = 1 + chance(3); times; times--)
                        mutate(&text, CASE_BYTES, &words[chance(words_count)], &pool[chance(pool_count)]);
                bytes[text.length] = '\0';
                snprintf(label, sizeof(label), "mutation-%u", i);
                judged_by(label, bytes, text.length);
        }
}

void cases_run(const char *tests, unsigned mutations, case_judge judge)
{
        char corpus[4096];

        snprintf(corpus, sizeof(corpus), "%s/unit/json", tests);
        judged_by = judge;
        read_dictionary(tests, "fuzz/message.dict", take_word);
        read_dictionary(tests, "differential/words.dict", take_word);
        add_corpus(corpus);
        read_dictionary(tests, "differential/messages.dict", take_message);
        read_dictionary(tests, "differential/values.dict", take_value);
        add_depths();
        add_lengths();
        add_counts();
        judge_mutations(mutations);
        add_escapes();
        for (size_t i = 0; i < pool_count; i++)
                free(pool[i].bytes);
        for (size_t i = 0; i < words_count; i++)
                free(words[i].bytes);
}
