/* SPDX-License-Identifier: ISC */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/bounds.h"
#include "daemon/edge/slot.h"
#include "daemon/edge/slot_history.h"

static struct slots slots;
static char directory[] = "/tmp/slot-history-XXXXXX";

static void begin(void)
{
        strcpy(directory + strlen(directory) - 6, "XXXXXX");
        ck_assert_ptr_nonnull(mkdtemp(directory));
        slots = (struct slots){.fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC), .template_fd = -1};
        ck_assert_int_ge(slots.fd, 0);
        ck_assert_int_eq(mkdirat(slots.fd, "a", 0755), 0);
        ck_assert_int_eq(mkdirat(slots.fd, "a/data", 0755), 0);
}

static void end(void)
{
        unlinkat(slots.fd, "a/data/history", 0);
        unlinkat(slots.fd, "a/data/history.1", 0);
        unlinkat(slots.fd, "a/data", AT_REMOVEDIR);
        unlinkat(slots.fd, "a", AT_REMOVEDIR);
        close(slots.fd);
        rmdir(directory);
}

static size_t size_of(const char *name)
{
        struct stat found;

        return fstatat(slots.fd, name, &found, AT_SYMLINK_NOFOLLOW) < 0 ? 0 : (size_t)found.st_size;
}

static void append(const char *text)
{
        ck_assert_int_eq(slot_append_history(&slots, "a", text, strlen(text)), 0);
}

START_TEST(lines)
{
        struct stat found;
        char *text;

        ck_assert_int_eq(slot_read_history(&slots, "a", &text), 0);
        ck_assert_str_eq(text, "");
        free(text);
        append("one\n");
        append("two\n");
        ck_assert_int_eq(slot_read_history(&slots, "a", &text), 0);
        ck_assert_str_eq(text, "one\ntwo\n");
        free(text);
        ck_assert_int_eq(fstatat(slots.fd, "a/data/history", &found, 0), 0);
        ck_assert_int_eq(found.st_mode & 07777, 0600);
        ck_assert_int_eq(slot_append_history(&slots, "b", "x\n", 2), -ENOENT);
        ck_assert_int_lt(slot_append_history(&slots, "../a", "x\n", 2), 0);
}
END_TEST

/* However much happens: two files of a bound, and the last lines of it. */
START_TEST(the_bound)
{
        char line[32], last[32] = "", *text;

        for (unsigned i = 0; i < 4 * SLOT_HISTORY_BYTES / 16; i++) {
                snprintf(line, sizeof(line), "%015u\n", i);
                append(line);
                strcpy(last, line);
                ck_assert_uint_le(size_of("a/data/history"), SLOT_HISTORY_BYTES + 16);
                ck_assert_uint_le(size_of("a/data/history.1"), SLOT_HISTORY_BYTES + 16);
        }
        ck_assert_int_eq(slot_read_history(&slots, "a", &text), 0);
        ck_assert_uint_ge(strlen(text), SLOT_HISTORY_BYTES);
        ck_assert_str_eq(text + strlen(text) - 16, last);
        free(text);
        text = calloc(1, SLOT_HISTORY_WRITE_BYTES + 2);
        memset(text, 'x', SLOT_HISTORY_WRITE_BYTES + 1);
        ck_assert_int_eq(slot_append_history(&slots, "a", text, strlen(text)), -EFBIG);
        free(text);
}
END_TEST

/* Nobody but root can put something there; were it so, it would be none of ours. */
START_TEST(what_is_no_file)
{
        ck_assert_int_eq(symlinkat("/etc/passwd", slots.fd, "a/data/history"), 0);
        ck_assert_int_lt(slot_append_history(&slots, "a", "x\n", 2), 0);
        unlinkat(slots.fd, "a/data/history", 0);
        ck_assert_int_eq(mkfifoat(slots.fd, "a/data/history", 0600), 0);
        ck_assert_int_lt(slot_append_history(&slots, "a", "x\n", 2), 0);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("slot history");
        TCase *tcase = tcase_create("slot history");

        tcase_add_checked_fixture(tcase, begin, end);
        tcase_add_test(tcase, lines);
        tcase_add_test(tcase, the_bound);
        tcase_add_test(tcase, what_is_no_file);
        suite_add_tcase(suite, tcase);
        return unit_run(suite);
}
