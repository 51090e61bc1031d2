/* SPDX-License-Identifier: ISC */
/*
 * Sockets of peers are accepted, read, written and closed by edge/stream.c alone, since whoever drops what a peer passed
 * may sleep. Here the sources of the sessions are read: a call of the kernel's own is there for what is no peer's.
 */
#include <dirent.h>
#include <regex.h>
#include <stdbool.h>

#include "unit.h"

static const struct {
        const char *file;
        const char *text;
} known[] = {
        {"diagnose_scripts.c", "close(fd)"},   /* a script's */
        {"diagnose_container.c", "close(fd)"}, /* a note's */
        {"volume_found.c", "close(volume)"},
        {"listener.c", "close(listener->lock_fd)"},
};

static bool is_known(const char *file, const char *text, size_t length)
{
        for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
                if (strcmp(file, known[i].file) == 0 && strlen(known[i].text) == length &&
                    strncmp(text, known[i].text, length) == 0)
                        return true;
        return false;
}

/* Up to the parenthesis that ends it. */
static size_t call_length(const char *text)
{
        size_t length = 0;
        int depth = 0;

        do {
                depth += (text[length] == '(') - (text[length] == ')');
                length++;
        } while (text[length - 1] && (depth || text[length - 1] != ')'));
        return length;
}

static void check_source(const char *directory, const char *file)
{
        regex_t pattern;
        regmatch_t match[3];
        char path[8192];
        size_t length;
        char *text, *at;

        snprintf(path, sizeof(path), "%s/%s", directory, file);
        text = unit_read(path, &length);
        ck_assert_int_eq(regcomp(&pattern,
                                 "(^|[^a-z_>.])((close|close_range|dup2|dup3|shutdown|accept4?|recv|recvfrom|recvmsg|"
                                 "recvmmsg|readv?|send|sendto|sendmsg|sendmmsg|writev?|splice)\\([^)])",
                                 REG_EXTENDED),
                         0);
        for (at = text; regexec(&pattern, at, 3, match, 0) == 0; at += match[0].rm_eo) {
                const char *call = at + match[2].rm_so;

                ck_assert_msg(is_known(file, call, call_length(call)),
                              "%s: %.*s: use edge/stream.h, or say in this test what it is", file,
                              (int)call_length(call), call);
        }
        regfree(&pattern);
        free(text);
}

START_TEST(no_session_touches_a_socket_by_itself)
{
        static const char *const folders[] = {"../../daemon/session", "../../daemon/methods", "../../daemon/doctor"};
        unsigned count = 0;

        for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
                char path[4096];
                DIR *directory = opendir(unit_path(folders[i], path, sizeof(path)));
                const struct dirent *entry;

                while (directory && (entry = readdir(directory))) {
                        const char *dot = strrchr(entry->d_name, '.');

                        if (!dot || strcmp(dot, ".c") != 0)
                                continue;
                        check_source(path, entry->d_name);
                        count++;
                }
                if (directory)
                        closedir(directory);
        }
        ck_assert_uint_gt(count, 10);
}
END_TEST

int main(void)
{
        const TTest *const tests[] = {no_session_touches_a_socket_by_itself};

        return unit_run(unit_suite_of("session_house", tests));
}
