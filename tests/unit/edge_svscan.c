/* SPDX-License-Identifier: ISC */
#include "daemon/edge/svscan.h"

#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "unit.h"

/* The arguments with spaces between them. */
static struct svscan_room room_of(const char *line)
{
        struct svscan_room room = {0, 0, 0};
        char *words = strdup(line);
        size_t length = strlen(line) + 1;

        for (char *at = words; *at; at++)
                if (*at == ' ')
                        *at = '\0';
        svscan_read_words(words, length, &room);
        free(words);
        return room;
}

START_TEST(what_it_was_told)
{
        static const struct {
                const char *line;
                unsigned supervisors, services;
        } cases[] = {
                {"s6-svscan", 1000, 500},
                {"s6-svscan /run/service", 1000, 500},
                {"s6-svscan -d4 -- /run/service", 1000, 500},
                {"s6-svscan -C 6 /run/service", 6, 0},
                {"s6-svscan -C6 /run/service", 6, 0},
                {"s6-svscan -st0 -C 200 -d 4 /run/service", 200, 0},
                {"s6-svscan -t 0 -X 5 -L 100 -C 200", 200, 0},
                {"s6-svscan -C 1 .", 4, 0},
                {"s6-svscan -C 4000000000 .", 160000, 0},
                {"s6-svscan -c 6 /run/service", 12, 6},
                {"s6-svscan -c6", 12, 6},
                {"s6-svscan -c 0", 4, 2},
                {"s6-svscan --services-max=30 /run/service", 30, 0},
                {"s6-svscan --services-max 30 /run/service", 30, 0},
                {"s6-svscan --name-max 30 --services-max 20 x", 20, 0},
                {"s6-svscan --timeout=5000 -C 20 x", 20, 0},
                /* No options of its own: a value, or behind the end of them. */
                {"s6-svscan -d -C 20", 1000, 500},
                {"s6-svscan -- -C 20", 1000, 500},
                {"s6-svscan /run/service -C 20", 1000, 500},
                {"s6-svscan -C", 1000, 500},
                {"", 1000, 500},
        };

        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                struct svscan_room room = room_of(cases[i].line);

                ck_assert_msg(room.supervisors == cases[i].supervisors && room.services == cases[i].services,
                              "%s: %u %u", cases[i].line, room.supervisors, room.services);
        }
}
END_TEST

START_TEST(words_that_are_cut)
{
        struct svscan_room room;

        svscan_read_words("s6-svscan\0-C\0"
                          "12",
                          14, &room);
        ck_assert_uint_eq(room.supervisors, 1000);
        svscan_read_words("", 0, &room);
        ck_assert_uint_eq(room.supervisors, 1000);
}
END_TEST

START_TEST(descriptors)
{
        static const char limits[] =
                "Limit                     Soft Limit           Hard Limit           Units\n"
                "Max open files            1024                 524288               files\n";
        struct svscan_room room = {.supervisors = 1000};

        svscan_read_limits("", &room);
        ck_assert_uint_eq(room.loggers, 0);
        svscan_read_limits("Max open files            unlimited            unlimited            files\n",
                           &room);
        ck_assert_uint_eq(room.loggers, 0);
        svscan_read_limits(limits, &room);
        ck_assert_uint_eq(room.loggers, 504);
        svscan_read_limits("Max open files            12                   12                   files\n",
                           &room);
        ck_assert_uint_eq(room.loggers, 1);
}
END_TEST

int main(void)
{
        const TTest *tests[] = {what_it_was_told, words_that_are_cut, descriptors};

        return unit_run(unit_suite_of("edge_svscan", tests));
}
