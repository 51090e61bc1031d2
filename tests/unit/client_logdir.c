/* SPDX-License-Identifier: ISC */
#include "client/log/logdir.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include <check.h>

#include "unit.h"

/* Looks, while files are put aside as fast as it goes. */
#define LOOKS 200

static int directory_fd = -1;
static char directory[32];
static atomic_bool ended;

static void write_number(int number)
{
        int fd = openat(directory_fd, "current", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

        if (fd < 0 || dprintf(fd, "%d", number) < 0)
                abort();
        close(fd);
}

/* As s6-log does it: current becomes previous, there is a new current, previous gets its name, the oldest
 * goes. */
static void *put_aside(void *argument)
{
        const int *kept = argument;

        for (int number = 0; !ended; number++) {
                char name[LOGDIR_NAME_BYTES];

                write_number(number);
                renameat(directory_fd, "current", directory_fd, "previous");
                write_number(number + 1);
                snprintf(name, sizeof(name), "@%024x.s", (unsigned)number);
                renameat(directory_fd, "previous", directory_fd, name);
                if (number >= *kept) {
                        snprintf(name, sizeof(name), "@%024x.s", (unsigned)(number - *kept));
                        unlinkat(directory_fd, name, 0);
                }
        }
        return NULL;
}

/* What the file says, or -1: it was opened before its number was written. */
static int number_of(const struct logdir_file *file)
{
        char text[16] = "";
        ssize_t length = pread(file->fd, text, sizeof(text) - 1, 0);

        return length > 0 ? atoi(text) : -1;
}

static void look_while_files_are_put_aside(int kept)
{
        static struct logdir logdir;
        pthread_t thread;
        char command[64];
        size_t most = 0; /* files at once: an answer of one has no gap, and proves nothing */

        snprintf(directory, sizeof(directory), "/tmp/logdir.XXXXXX");
        ck_assert_ptr_nonnull(mkdtemp(directory));
        directory_fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        ck_assert_int_ge(directory_fd, 0);
        ended = false;
        ck_assert_int_eq(pthread_create(&thread, NULL, put_aside, &kept), 0);
        for (int i = 0; i < LOOKS || most <= 1; i++) {
                int before = -1;

                ck_assert_int_eq(logdir_open(directory_fd, &logdir), 0);
                most = logdir.count > most ? logdir.count : most;
                for (size_t k = 0; k < logdir.count; k++) {
                        int number = number_of(&logdir.files[k]);

                        /* current may be empty still; no other file may. */
                        ck_assert(number >= 0 || k == logdir.count - 1);
                        ck_assert_msg(k == 0 || number < 0 || number == before + 1, "%d comes after %d",
                                      number, before);
                        before = number;
                }
                logdir_close(&logdir);
        }
        ended = true;
        pthread_join(thread, NULL);
        close(directory_fd);
        snprintf(command, sizeof(command), "rm -rf %s", directory);
        ck_assert_int_eq(system(command), 0);
}

START_TEST(no_gap_where_few_are_kept)
{
        look_while_files_are_put_aside(3);
}
END_TEST

START_TEST(no_gap_where_many_are_kept)
{
        look_while_files_are_put_aside(60);
}
END_TEST

int main(void)
{
        const TTest *const tests[] = {
                no_gap_where_few_are_kept,
                no_gap_where_many_are_kept,
        };

        return unit_run(unit_suite_of("client_logdir", tests));
}
