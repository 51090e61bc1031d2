/* SPDX-License-Identifier: ISC */
/*
 * TEST DOUBLE of s6-overlay-suexec: suexec PREINIT STAGE0 [WORD...], set-uid root. PREINIT as root, where the kernel lets it, and then
 * STAGE0 as who the container was started as. A failure of the first is the container's end.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static void number(const char *name, unsigned value)
{
        char text[16];

        snprintf(text, sizeof(text), "%u", value);
        setenv(name, text, 1);
}

int main(int argc, char **argv)
{
        uid_t uid = getuid();
        gid_t gid = getgid();
        pid_t pid;
        int status;

        if (argc < 3 || getpid() != 1) {
                fprintf(stderr, "s6-overlay-suexec: fatal: can only run as pid 1\n");
                return 100;
        }
        number("container_uid", uid);
        number("container_gid", gid);
        if (geteuid() == 0 && (setgid(0) < 0 || setuid(0) < 0))
                return 111;
        pid = fork();
        if (pid == 0) {
                execl(argv[1], argv[1], (char *)NULL);
                _exit(127);
        }
        if (pid < 0 || waitpid(pid, &status, 0) < 0)
                return 111;
        if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
                fprintf(stderr, "s6-overlay-suexec: fatal: child failed\n");
                return WIFEXITED(status) ? WEXITSTATUS(status) : 111;
        }
        /* As root it stays root in the saved ids, so both go at once. */
        if (setresgid(gid, gid, gid) < 0 || setresuid(uid, uid, uid) < 0)
                return 111;
        unsetenv("container_uid");
        unsetenv("container_gid");
        execv(argv[2], argv + 2);
        return 127;
}
