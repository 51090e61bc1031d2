/* SPDX-License-Identifier: ISC */
/*
 * letters FLAVOUR: what each letter does to an s6-supervise of the world, that is down and one that is up: a line each. What it does to
 * a real one is tests/integration/test_simulation.py's.
 */
#include "s6_inner.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/unit.h"

#include "alone.h"

static const char letters[] = "abqhkti12pcyrPCKoduDUxOQ";
#define LETTERS (sizeof(letters) - 1)
static const char *const finishes[] = {"none", "125"}; /* what finish ends with */

/* down_file: as s6-supervise leaves it. */
static void print(const char *finish, bool up, char letter)
{
        struct s6_seen seen = s6_look((unsigned)s6_find("gateway-p1"), false);
        struct s6_status now = status("services/gateway-p1");
        int fd = openat(sim_directory, "services/gateway-p1/down", O_RDONLY | O_CLOEXEC);

        printf("%s %s %c: %s want=%d paused=%d ready=%d wait_status=%d down_file=%d supervised=%d\n", finish,
               up ? "up" : "down", letter,
               now.pid && !now.finishing ? "up"
               : now.finishing           ? "finishing"
                                         : "down",
               now.want_up, now.paused, now.ready, now.wait_status, fd >= 0, seen.state != S6_ABSENT);
        if (fd >= 0)
                close(fd);
}

static int finish_code;

static int judge(struct task *process)
{
        (void)process;
        return finish_code;
}

static enum s6_flavour flavour;

START_TEST(one)
{
        const struct s6_run run = {.lasts_usec = SIM_NEVER, .term_code = TERM_AS_SIGNAL};
        const char *finish = finishes[_i / 2 / LETTERS];
        bool up = _i % 2;
        char text[2] = {letters[_i / 2 % LETTERS], 0};

        world(flavour);
        slot("p1", !up, false);
        if (strcmp(finish, "none") == 0)
                unlinkat(sim_directory, "services/gateway-p1/finish", 0);
        s6_plan((unsigned)s6_find("gateway-p1"), &run, 9);
        finish_code = strcmp(finish, "125") == 0 ? 125 : 0;
        finish_judge = judge;
        link_slot("p1");
        scan("a");
        pass(900 * MSEC);
        unlink_slot("p1"); /* nobody begins another */
        tell("services/gateway-p1", text);
        pass(5 * SEC);
        print(finish, up, *text);
        end();
        fflush(stdout);
}
END_TEST

int main(int count, char **words)
{
        static const char *const flavours[] = {[S6_2_11] = "2.11", [S6_2_13] = "2.13", [S6_2_15] = "2.15"};
        Suite *suite = suite_create("letters");
        TCase *tcase = tcase_create("letters");
        SRunner *runner = srunner_create(suite);
        int failed;

        while (flavour <= S6_2_15 && (count < 2 || strcmp(words[1], flavours[flavour]) != 0))
                flavour++;
        if (flavour > S6_2_15) {
                fprintf(stderr, "Usage: letters 2.11|2.13|2.15\n");
                return 2;
        }
        tcase_add_loop_test(tcase, one, 0, 2 * 2 * (int)LETTERS);
        suite_add_tcase(suite, tcase);
        srunner_run_all(runner, CK_SILENT);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed != 0;
}
