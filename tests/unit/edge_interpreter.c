/* SPDX-License-Identifier: ISC */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/edge/interpreter.h"

START_TEST(words_of_a_line)
{
        static const struct {
                const char *text;
                const char *path; /* NULL: no script */
                const char *argument;
        } lines[] = {
                {"#!/bin/sh\n", "/bin/sh", ""},
                {"#!/bin/sh", "/bin/sh", ""},
                {"#!/bin/sh -e\nexec #!/bin/false", "/bin/sh", "-e"},
                {"#! \t/usr/bin/env \t bash -x\n", "/usr/bin/env", "bash"},
                {"#!/command/with-contenv bash\n", "/command/with-contenv", "bash"},
                {"#!sh\n", "sh", ""},
                {"#!/bin/sh\r\n", "/bin/sh\r", ""},
                {"#!/bin/sh\nx", "/bin/sh", ""},
                {"#!/bin/sh \n/no", "/bin/sh", ""},
                {"", NULL, NULL},
                {"#", NULL, NULL},
                {"#!", NULL, NULL},
                {"#!\n/bin/sh", NULL, NULL},
                {"#!  \t\n", NULL, NULL},
                {" #!/bin/sh\n", NULL, NULL},
                {"\177ELF\2\1\1", NULL, NULL},
                {"echo\n#!/bin/sh\n", NULL, NULL},
        };
        struct interpreter found;

        for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
                int result;

                found = (struct interpreter){.path = "untouched"};
                result = interpreter_parse(lines[i].text, strlen(lines[i].text), &found);
                ck_assert_msg(result == (lines[i].path != NULL), "%s", lines[i].text);
                ck_assert_str_eq(found.path, lines[i].path ? lines[i].path : "untouched");
                if (lines[i].path)
                        ck_assert_str_eq(found.argument, lines[i].argument);
        }
        /* The kernel ends a name at a NUL too. */
        ck_assert_int_eq(interpreter_parse("#!/bin/sh\0/x y\n", 15, &found), 1);
        ck_assert_str_eq(found.path, "/bin/sh");
}
END_TEST

START_TEST(long_lines)
{
        char text[2 * INTERPRETER_LINE_BYTES];
        struct interpreter found;

        memset(text, 'x', sizeof(text));
        memcpy(text, "#!/", 3);
        ck_assert_int_eq(interpreter_parse(text, sizeof(text), &found), 1);
        ck_assert_uint_eq(strlen(found.path), INTERPRETER_LINE_BYTES - 3);
        text[100] = ' ';
        ck_assert_int_eq(interpreter_parse(text, sizeof(text), &found), 1);
        ck_assert_uint_eq(strlen(found.path), 98);
        ck_assert_uint_eq(strlen(found.argument), INTERPRETER_LINE_BYTES - 1 - 101);
}
END_TEST

START_TEST(files)
{
        char root[] = "/tmp/edge-interpreter-XXXXXX";
        struct interpreter found;
        int fd;

        ck_assert_ptr_nonnull(mkdtemp(root));
        ck_assert_int_eq(chdir(root), 0);
        fd = open("script", O_WRONLY | O_CREAT | O_CLOEXEC, 0755);
        ck_assert_int_eq(write(fd, "#!/bin/true x\n", 14), 14);
        close(fd);
        ck_assert_int_eq(interpreter_read("script", &found), 1);
        ck_assert_str_eq(found.path, "/bin/true");
        ck_assert_int_eq(symlink("script", "link"), 0);
        ck_assert_int_eq(interpreter_read("link", &found), 1);
        close(open("empty", O_WRONLY | O_CREAT | O_CLOEXEC, 0755));
        ck_assert_int_eq(interpreter_read("empty", &found), 0);
        ck_assert_int_eq(interpreter_read("/proc/self/exe", &found), 0);
        ck_assert_int_eq(mkfifo("fifo", 0600), 0);
        ck_assert_int_eq(interpreter_read("fifo", &found), -EINVAL); /* without waiting for a writer */
        ck_assert_int_eq(interpreter_read(".", &found), -EINVAL);
        ck_assert_int_eq(interpreter_read("none", &found), -ENOENT);
        ck_assert_str_eq(found.path, "/bin/true");
        ck_assert_int_eq(unlink("script") + unlink("link") + unlink("empty") + unlink("fifo"), 0);
        ck_assert_int_eq(rmdir(root), 0);
}
END_TEST

int main(void)
{
        const TTest *tests[] = {words_of_a_line, long_lines, files};

        return unit_run(unit_suite_of("edge_interpreter", tests));
}
