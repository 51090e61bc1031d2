/* SPDX-License-Identifier: ISC */
#include "client/say/page.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <check.h>
#include <json-c/json.h>

#include "client/log/logline.h"
#include "client/log/logtail.h"
#include "unit.h"

#define NOW_USEC INT64_C(1000000000)
#define STAMP "2026-11-23 08:58:51.123456789  "
#define SHOWN "2026-11-23 08:58:51  "

static const char bad[] =
        "{\"name\":\"gateway-bad\",\"kind\":\"gateway\",\"state\":\"backoff\",\"want\":\"up\","
        " \"since_usec\":988000000,\"restarts\":4,\"log_restarts\":1,\"next_start_usec\":1040000000,"
        " \"reason\":\"it keeps ending\",\"last_exit\":{\"code\":1,\"at_usec\":988000000},"
        " \"log_directory\":\"/opt/data/logs/gateways/a-directory-that-is-long\"}";

static void expect(const char *service, const struct look *look, const char *wanted)
{
        struct json_object *object = json_tokener_parse(service);
        char *text;

        ck_assert_ptr_nonnull(object);
        text = page_text(object, look);
        ck_assert_str_eq(text, wanted);
        free(text);
        json_object_put(object);
}

START_TEST(a_page)
{
        const struct look look = {.now_usec = NOW_USEC};
        const struct look narrow = {.now_usec = NOW_USEC, .symbols = true, .columns = 40};

        expect(bad, &look,
               "name          gateway-bad\n"
               "state         backoff for 12s\n"
               "since         1970-01-01 00:16:28\n"
               "reason        it keeps ending\n"
               "next start    in 40s\n"
               "wanted        up, which it is not\n"
               "restarts      4\n"
               "log restarts  1\n"
               "last exit     exit 1, 12s ago\n"
               "log           /opt/data/logs/gateways/a-directory-that-is-long\n"
               "to do         'svcctl logs gateway-bad' shows what it printed; mend that, and 'svcctl start "
               "gateway-bad' tries at once.\n");
        expect(bad, &narrow,
               "name          gateway-bad\n"
               "state         ! backoff for 12s\n"
               "since         1970-01-01 00:16:28\n"
               "reason        it keeps ending\n"
               "next start    in 40s\n"
               "wanted        up, which it is not\n"
               "restarts      4\n"
               "log restarts  1\n"
               "last exit     exit 1, 12s ago\n"
               /* A path stays in one piece. */
               "log           /opt/data/logs/gateways/a-directory-that-is-long\n"
               "to do         'svcctl logs gateway-bad'\n"
               "              shows what it printed;\n"
               "              mend that, and 'svcctl\n"
               "              start gateway-bad' tries\n"
               "              at once.\n");
        expect("{\"name\":\"a\",\"state\":\"up\",\"want\":\"up\",\"pid\":7}", &look,
               "name          a\nstate         up\nwanted        up\npid           7\nrestarts      0\n");
        expect("{\"name\":\"a\",\"kind\":\"gateway\",\"state\":\"up\",\"want\":\"down\"}", &look,
               "name          a\nstate         up\nwanted        down, which it is not\nrestarts      0\n"
               "to do         'svcctl stop a' stops it.\n");
}
END_TEST

START_TEST(colours)
{
        const struct look look = {.now_usec = NOW_USEC, .symbols = true, .utf8 = true, .colour = true};

        expect("{\"name\":\"a\",\"state\":\"failed\"}", &look,
               "\033[2mname\033[0m          a\n"
               "\033[2mstate\033[0m         \033[31m✗\033[0m \033[31mfailed\033[0m\n"
               "\033[2mwanted\033[0m        down\n"
               "\033[2mrestarts\033[0m      0\n"
               "\033[2mto do\033[0m         It is not a gateway: root controls it with s6-svc, unless "
               "svcbrokerd was told to let its clients do so (--allow-static).\n");
}
END_TEST

/* A directory of a test, and what it writes there. */
struct place {
        char path[64];
        int fd;
};

static void place_init(struct place *place)
{
        strcpy(place->path, "/tmp/client_page.XXXXXX");
        ck_assert_ptr_nonnull(mkdtemp(place->path));
        place->fd = open(place->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static void place_deinit(struct place *place)
{
        DIR *directory = fdopendir(place->fd);
        const struct dirent *entry;

        while ((entry = readdir(directory)))
                unlinkat(place->fd, entry->d_name, 0);
        rmdir(place->path);
        closedir(directory);
}

static FILE *begin(const struct place *place, const char *name)
{
        return fdopen(openat(place->fd, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600), "w");
}

static void put(const struct place *place, const char *name, const char *text)
{
        FILE *file = begin(place, name);

        fputs(text, file);
        fclose(file);
}

START_TEST(the_last_lines)
{
        struct place place;
        struct logtail tail;
        FILE *file;
        char last[64];

        place_init(&place);
        file = begin(&place, "current");
        for (int i = 0; i < 30; i++)
                fprintf(file, STAMP "line %d\n", i);
        fprintf(file, "no\tstamp \033[2J\033[31mred\n" STAMP "unended");
        fclose(file);
        ck_assert_int_eq(logtail_init(&tail, place.path, false), 0);
        ck_assert_uint_eq(tail.count, LOGTAIL_LINES);
        for (int i = 0; i < LOGTAIL_LINES - 2; i++) {
                snprintf(last, sizeof(last), SHOWN "line %d", 30 - LOGTAIL_LINES + 2 + i);
                ck_assert_str_eq(tail.lines[i], last);
        }
        ck_assert_str_eq(tail.lines[LOGTAIL_LINES - 2], "no stamp \\x1b[2Jred");
        ck_assert_str_eq(tail.lines[LOGTAIL_LINES - 1], SHOWN "unended");
        logtail_deinit(&tail);
        place_deinit(&place);
}
END_TEST

START_TEST(a_file_that_was_just_begun_and_the_one_before)
{
        struct place place;
        struct logtail tail;

        place_init(&place);
        put(&place, "@400000006500000000000000.s", "oldest\n");
        put(&place, "@400000006500000100000000.s", "older\n\n");
        put(&place, "current", "");
        ck_assert_int_eq(logtail_init(&tail, place.path, false), 0);
        ck_assert_uint_eq(tail.count, 2);
        ck_assert_str_eq(tail.lines[0], "older");
        ck_assert_str_eq(tail.lines[1], "");
        logtail_deinit(&tail);
        place_deinit(&place);
}
END_TEST

/* However large the file, its end is all that is read; and what is before it does not follow on. */
START_TEST(what_is_read_is_bounded)
{
        struct place place;
        struct logtail tail;
        FILE *file;

        place_init(&place);
        put(&place, "@400000006500000000000000.s", "older\n");
        file = begin(&place, "current");
        ck_assert_int_eq(ftruncate(fileno(file), (off_t)1 << 40), 0);
        fseeko(file, 0, SEEK_END);
        fputs("\nlast\n", file);
        fclose(file);
        ck_assert_int_eq(logtail_init(&tail, place.path, false), 0);
        ck_assert_uint_eq(tail.count, 1);
        ck_assert_str_eq(tail.lines[0], "last");
        logtail_deinit(&tail);

        /* One line only, and its begin is far away. */
        file = begin(&place, "current");
        fseeko(file, 0, SEEK_END);
        for (int i = 0; i < LOGTAIL_BYTES + 100; i++)
                putc('a', file);
        fclose(file);
        ck_assert_int_eq(logtail_init(&tail, place.path, false), 0);
        ck_assert_uint_eq(tail.count, 1);
        ck_assert_uint_eq(strlen(tail.lines[0]), LOGTAIL_BYTES);
        logtail_deinit(&tail);
        place_deinit(&place);
}
END_TEST

START_TEST(what_cannot_be_read)
{
        struct place place;
        struct logtail tail;

        place_init(&place);
        ck_assert_int_eq(logtail_init(&tail, "/nonexistent/directory", false), -ENOENT);
        ck_assert_int_eq(logtail_init(&tail, place.path, false), 0);
        ck_assert_uint_eq(tail.count, 0);
        ck_assert_int_eq(mkfifoat(place.fd, "current", 0600), 0);
        ck_assert_int_lt(logtail_init(&tail, place.path, false), 0);
        unlinkat(place.fd, "current", 0);
        ck_assert_int_eq(symlinkat("/etc/passwd", place.fd, "current"), 0);
        ck_assert_int_lt(logtail_init(&tail, place.path, false), 0);
        place_deinit(&place);
        ck_assert_str_eq(page_log_problem(-ENOENT), "no log yet");
        ck_assert_str_eq(page_log_problem(-EACCES), "its log may not be read: permission denied");
        ck_assert_str_eq(page_log_problem(-ELOOP), "its log cannot be read");
        ck_assert_str_eq(page_log_problem(-ENOTDIR),
                         "its log is not read: it is no directory, or behind a link, which is not followed");
}
END_TEST

START_TEST(a_line_takes_three_rows)
{
        char nine[] = "123456789", ten[] = "1234567890";
        const struct logtail tail = {.lines = {nine, ten}, .count = 2};
        struct look look = {.columns = 3};
        char *text = page_log_text(&tail, &look);

        ck_assert_str_eq(text, "123456789\n12345678~\n");
        free(text);
        look.utf8 = true;
        text = page_log_text(&tail, &look);
        ck_assert_str_eq(text, "123456789\n12345678…\n");
        free(text);
        look.columns = 0;
        text = page_log_text(&tail, &look);
        ck_assert_str_eq(text, "123456789\n1234567890\n");
        free(text);
}
END_TEST

int main(void)
{
        const TTest *const tests[] = {
                a_page,
                colours,
                the_last_lines,
                a_file_that_was_just_begun_and_the_one_before,
                what_is_read_is_bounded,
                what_cannot_be_read,
                a_line_takes_three_rows,
        };

        /* Stamps in a log are the machine's local time. */
        setenv("TZ", "", 1);
        return unit_run(unit_suite_of("page", tests));
}
