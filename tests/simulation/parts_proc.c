/* SPDX-License-Identifier: ISC */
/* /proc of the world against the kernel's: the same lines in the same form, and the daemon's readers find the same in both. */
#include "s6_inner.h"

#include <ctype.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/unit.h"

#include "alone.h"

#define TEXT_BYTES 16384

static pid_t child;

/* A real process: asleep, stopped or ended. */
static pid_t begin_child(char state)
{
        char path[64], text[256] = "";

        child = fork();
        if (child == 0) {
                if (state == 'Z')
                        _exit(0);
                for (;;)
                        pause();
        }
        if (state == 'T')
                kill(child, SIGSTOP);
        snprintf(path, sizeof(path), "/proc/%d/stat", (int)child);
        while (!strstr(text, (char[]){')', ' ', state, 0})) {
                int fd = open(path, O_RDONLY);

                ck_assert_int_gt(read(fd, text, sizeof(text) - 1), 0);
                close(fd);
        }
        return child;
}

static void end_child(void)
{
        kill(child, SIGKILL);
        waitpid(child, NULL, 0);
}

/* Of /proc, or of proc below the world. */
static char *read_text(int at, pid_t pid, const char *name)
{
        static char texts[2][TEXT_BYTES];
        static unsigned next;
        char path[128], *text = texts[next++ % 2];
        size_t length = 0;
        ssize_t n;
        int fd;

        snprintf(path, sizeof(path), "%sproc/%d/%s", at == AT_FDCWD ? "/" : "", (int)pid, name);
        fd = openat(at, path, O_RDONLY | O_CLOEXEC);
        ck_assert_msg(fd >= 0, "%s", path);
        while ((n = read(fd, text + length, TEXT_BYTES - 1 - length)) > 0)
                length += (size_t)n;
        close(fd);
        text[length] = '\0';
        return text;
}

/* Its form: whatever differs from process to process is one letter. */
static void take_form(char *line)
{
        char *to = line;

        for (const char *at = line; *at;) {
                size_t digits = strspn(at, "0123456789");

                if (digits) {
                        *to++ = '#';
                        at += digits;
                } else {
                        *to++ = *at++;
                }
        }
        *to = '\0';
}

/* Capabilities are hexadecimal, and so many digits. */
static void take_form_of_status(char *line)
{
        if (strncmp(line, "Cap", 3) == 0 && strlen(line) == 8 + 16)
                strcpy(line + 8, "hex");
        else if (strncmp(line, "Name:", 5) == 0)
                strcpy(line + 5, "\tname");
        else if (strncmp(line, "SigQ", 4) != 0)
                take_form(line);
}

static bool has_line(const char *text, const char *line)
{
        char own[TEXT_BYTES], *rest = NULL;

        strcpy(own, text);
        for (char *at = strtok_r(own, "\n", &rest); at; at = strtok_r(NULL, "\n", &rest)) {
                take_form_of_status(at);
                if (strcmp(at, line) == 0)
                        return true;
        }
        return false;
}

static struct task *a_gateway(void)
{
        struct task *found;

        slot("p1", false, true);
        link_slot("p1");
        scan("a");
        pass(2 * SEC);
        found = task_find(s6_gateway_pid((unsigned)s6_find("gateway-p1")));
        ck_assert_ptr_nonnull(found);
        return found;
}

static void compare_status(const struct task *played, char state)
{
        char *its, *rest = NULL, *real;

        s6_proc_refresh();
        its = read_text(sim_directory, played->pid, "status");
        real = read_text(AT_FDCWD, begin_child(state), "status");
        for (char *line = strtok_r(its, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
                /* A zombie has no memory, and no mask that matters here. */
                take_form_of_status(line);
                ck_assert_msg(has_line(real, line), "no such line: %s, in %s", line, real);
        }
        end_child();
}

START_TEST(status_has_the_lines_of_the_kernels)
{
        struct task *gateway;

        world(S6_2_13);
        gateway = a_gateway();
        compare_status(gateway, 'S');
        task_signal(gateway, SIGSTOP);
        compare_status(gateway, 'T');
        gateway->parent = 1;
        task_end(gateway, 0);
        compare_status(gateway, 'Z');
        end();
}
END_TEST

START_TEST(stat_has_the_fields_of_the_kernels)
{
        const struct task *gateway;
        char *its, *real;
        unsigned long long start;
        int group;
        char state;

        world(S6_2_15);
        gateway = a_gateway();
        s6_proc_refresh();
        its = strrchr(read_text(sim_directory, gateway->pid, "stat"), ')');
        ck_assert_int_eq(
                sscanf(its + 1,
                       " %c %*d %d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d %llu",
                       &state, &group, &start),
                3);
        ck_assert_int_eq(state, 'S');
        ck_assert_int_eq(group, gateway->group);
        ck_assert_uint_eq(start, gateway->start);
        real = strrchr(read_text(AT_FDCWD, begin_child('S'), "stat"), ')');
        for (unsigned i = 0; i < 22; i++) { /* those that are looked at, and some more */
                its = strchr(its + 1, ' ');
                real = strchr(real + 1, ' ');
                ck_assert(its && real);
                ck_assert_int_eq(isdigit((unsigned char)its[1]) || its[1] == '-',
                                 isdigit((unsigned char)real[1]) || real[1] == '-');
        }
        end_child();
        end();
}
END_TEST

static void compare_form(const char *its, const char *real)
{
        char forms[2][TEXT_BYTES];

        strcpy(forms[0], its);
        strcpy(forms[1], real);
        take_form(forms[0]);
        take_form(forms[1]);
        ck_assert_str_eq(forms[0], forms[1]);
}

START_TEST(children_and_words_are_as_the_kernels)
{
        int at;
        struct s6_seen seen;
        char *its, path[64];

        world(S6_2_11);
        a_gateway();
        at = s6_find("gateway-p1");
        seen = s6_look((unsigned)at, false);
        s6_proc_refresh();
        snprintf(path, sizeof(path), "task/%d/children", (int)seen.supervisor);
        its = read_text(sim_directory, seen.supervisor, path);
        begin_child('S');
        snprintf(path, sizeof(path), "task/%d/children", (int)getpid());
        compare_form(its, read_text(AT_FDCWD, getpid(), path));
        ck_assert_int_eq(atoi(its), seen.pid);
        end_child();
        /* Each word of a command line has its NUL. */
        its = read_text(sim_directory, seen.supervisor, "cmdline");
        ck_assert_str_eq(its, "s6-supervise");
        ck_assert_str_eq(its + strlen(its) + 1, "gateway-p1");
        end();
}
END_TEST

START_TEST(limits_are_as_the_kernels)
{
        char its[TEXT_BYTES], real[TEXT_BYTES], *rest = NULL;

        world(S6_2_11);
        s6_proc_refresh();
        strcpy(its, read_text(sim_directory, 1, "limits"));
        strcpy(real, read_text(AT_FDCWD, getpid(), "limits"));
        for (char *line = strtok_r(its, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
                char name[27] = "", *found;

                ck_assert_uint_eq(strlen(line), strcspn(real, "\n"));
                memcpy(name, line, 26);
                found = strstr(real, name);
                ck_assert_msg(found, "%s", name);
                ck_assert_int_eq(strncmp(found + 68, line + 68, 10), 0); /* its unit, where it stands */
        }
        end();
}
END_TEST

int main(void)
{
        const TTest *const tests[] = {status_has_the_lines_of_the_kernels, stat_has_the_fields_of_the_kernels,
                                      children_and_words_are_as_the_kernels, limits_are_as_the_kernels};

        return unit_run(unit_suite_of("parts_proc", tests));
}
