/* SPDX-License-Identifier: ISC */
/*
 * svcbroker-slot, which the template's scripts have in their first line: svcbroker-slot WHAT [SCRIPT] [WORD...], in
 * a slot's directory. run, finish, log and log-finish begin as root. Nothing that is the client user's is opened or
 * looked up in PATH before drop(), and nothing is allocated. gateway and collect are the halves behind it; with
 * `behind` in front s6-setuidgid has dropped.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "proto/name.h"
#include "proto/sysname.h"
#include "template/drop.h"
#include "template/file.h"
#include "template/gateway.h"

#define WORDS_MOST (GROUPS_MOST + 16)
#define DEATH_BYTES 14 /* of supervise/death_tally: s6's */

typedef int half(struct slot *slot, const char **words);

/* What cannot be opened now can be a second later, so only what is wrong for good is 78. */
static int begin(struct slot *slot, const char *directory)
{
        char path[32];
        ssize_t length;
        unsigned line;

        snprintf(path, sizeof(path), "%s/settings", directory);
        length = file_read(path, slot->settings_text, sizeof(slot->settings_text));
        line = length < 0 ? 0 : settings_parse(slot->settings_text, slot->settings);
        if (line > 0) {
                file_say("gateway: %s: line %u is not NAME=VALUE, or one is missing", path, line);
                return 78;
        }
        if (length >= 0) {
                snprintf(path, sizeof(path), "%s/data/profile", directory);
                length = file_read_line(path, slot->profile, sizeof(slot->profile));
        }
        if (length >= 0 && name_check_profile(slot->profile) == NAME_OK)
                return 0;
        file_say("gateway: %s: %s", path,
                 length < 0 ? sysname_error_words((int)-length) : "not the name of a profile");
        return length < 0 ? 111 : 78;
}

/* Becomes the program, or says why not. */
static int become(const struct slot *slot, const char *const *words)
{
        execv(words[0], (char *const *)words);
        file_say("gateway %s: %s: %s", slot->profile, words[0], sysname_error_words(errno));
        return 111;
}

static int sweep(struct slot *slot, const char **words)
{
        return groups_sweep(words + 1, FINISH_TENTHS) ? 0 : 111;
}

/* The account files have no such account: s6-setuidgid asks whatever else there is, and becomes us again, to go
 * on. */
static int ask_s6(struct slot *slot, half *ours, const char **words)
{
        char setuidgid[4096];
        const char *others[WORDS_MOST + 4] = {setuidgid, slot->settings[CLIENT_USER], slot->program,
                                              "behind"};
        const char **next = others + (ours == sweep ? 3 : 4);

        snprintf(setuidgid, sizeof(setuidgid), "%s/s6-setuidgid", slot->settings[S6]);
        do
                *next++ = *words;
        while (*words++);
        return become(slot, others);
}

/* As the client user, in a script of the slot's or, where it has none, in a half of ours, whose name is the first
 * word. */
static int behind(struct slot *slot, const char *script, half *ours, const char **words)
{
        bool container = ours == gateway_run;
        int result;

        if (ours == sweep)
                return sweep(slot, words);
        if (!file_is(script, S_IFREG))
                script = NULL;
        if (script) {
                snprintf(slot->path, sizeof(slot->path), "%s:/usr/bin:/bin", slot->settings[S6]);
                setenv("PATH", slot->path, 1);
        }
        result = container ? gateway_container(slot) : 0;
        if (result || !script)
                return result ? result : ours(slot, words);
        groups_sweep(words + 4, container ? GATEWAY_TENTHS : LOGGER_TENTHS);
        words[0] = script;
        words[4] = NULL;
        return become(slot, words);
}

/* Goes on as the client user. */
static int go_on(struct slot *slot, const char *script, half *ours, const char **words)
{
        int result = drop(slot->settings[CLIENT_USER], slot->text, sizeof(slot->text));

        if (result > 0)
                return behind(slot, script, ours, words);
        if (result == 0)
                return ask_s6(slot, ours, words);
        file_say("gateway %s: cannot become %s: %s", slot->profile, slot->settings[CLIENT_USER],
                 sysname_error_words(-result));
        return 111;
}

/* Groups that were noted and live are of an s6-supervise that was killed: they stay in the note, for finish, and
 * whoever goes on ends them first. A note that cannot be read now may name one, so nothing is started beside it. */
static int start(struct slot *slot, const char *note, const char *script, half *ours, const char **words)
{
        int result = groups_read(&slot->groups, note);

        if (result < 0) {
                file_say("gateway %s: %s cannot be read: %s: not started, since what it names may still run",
                         slot->profile, note, sysname_error_words(-result));
                return 111;
        }
        groups_keep_living(&slot->groups);
        if (groups_note(&slot->groups, note) < 0)
                file_say("gateway %s: %s cannot be written: processes it leaves behind may outlive it",
                         slot->profile, note);
        words[1] = slot->profile;
        words[2] = getenv("HERMES_HOME");
        words[2] = words[2] ? words[2] : "";
        memcpy(words + 4, slot->groups.notes, sizeof(slot->groups.notes));
        return go_on(slot, script, ours, words);
}

/* Ends what is left of the groups, as the client user, in a process of its own: this one is needed as it is. Is it
 * done? */
static bool end_groups(struct slot *slot)
{
        const char *words[WORDS_MOST] = {"sweep"};
        int status = 0;
        pid_t pid;

        groups_keep_living(&slot->groups);
        if (!slot->groups.notes[0])
                return true;
        memcpy(words + 1, slot->groups.notes, sizeof(slot->groups.notes));
        pid = fork();
        if (pid == 0)
                _exit(go_on(slot, NULL, sweep, words));
        while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
                ;
        return pid > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* s6's own brake: exit 125 stops what keeps ending. s6-permafailon counts, where there are deaths enough to be
 * counted. */
static int brake(struct slot *slot, unsigned long least, const char *restarts, const char *events)
{
        char program[4096];
        const char *words[] = {program,
                               "3600",
                               restarts,
                               "75",
                               program,
                               slot->settings[BRAKE_SECONDS],
                               slot->settings[BRAKE_DEATHS],
                               events,
                               "/bin/true",
                               NULL};
        struct stat info;

        if (stat("supervise/death_tally", &info) == 0 && (unsigned long)info.st_size < least * DEATH_BYTES)
                return 0;
        snprintf(program, sizeof(program), "%s/s6-permafailon", slot->settings[S6]);
        return become(slot, restarts ? words : words + 4);
}

/* finish EXITCODE SIGNAL NAME [GROUP]. run's note has every group; GROUP (from s6 2.12 on) is there in case that
 * could not be written. */
static int finish(struct slot *slot, const char **given)
{
        unsigned long deaths = strtoul(slot->settings[BRAKE_DEATHS], NULL, 10);
        unsigned long restarts = strtoul(slot->settings[BRAKE_RESTARTS], NULL, 10) + 1;
        bool known = groups_read(&slot->groups, "data/pgid") == 0;
        char count[32];

        if (!slot->groups.notes[0] && given[1] && given[2] && given[3])
                groups_set(&slot->groups, given[3]);
        if (slot->groups.notes[0] && end_groups(slot) && known)
                file_write("data/pgid", "", 0);
        if (strcmp(given[0], "78") == 0)
                file_say("gateway %s: configuration error (exit 78): not started again until somebody does",
                         slot->profile);
        /* 69: it runs elsewhere, as was said. 0: no crash, and perhaps a stop; svcbrokerd finds out, and starts it
         * again if not. */
        if (strcmp(given[0], "78") == 0 || strcmp(given[0], "69") == 0 || strcmp(given[0], "0") == 0)
                return 125;
        snprintf(count, sizeof(count), "%lu", restarts);
        return brake(slot, deaths < restarts ? deaths : restarts, count, "1-68,70-74,76-77,79-255");
}

/* After an s6-log that could not use its directory comes one that does not try. A signal is 256, the end of the
 * gateway's output 0. An earlier one that lives, since this one could not begin, stays noted. */
static int finish_log(struct slot *slot, const char **given)
{
        bool known = groups_read(&slot->groups, "../data/log-pgid") == 0;

        groups_keep_living(&slot->groups);
        if (known && !slot->groups.notes[0])
                file_write("../data/log-pgid", "", 0);
        if (strcmp(given[0], "0") != 0 && strcmp(given[0], "256") != 0)
                file_write("forward-only", "", 0);
        return brake(slot, strtoul(slot->settings[BRAKE_DEATHS], NULL, 10), NULL, "0-255");
}

/* What is behind the drop is not done as root, whoever was to drop: an account of another source may be uid 0. */
static bool is_for_root(const char *what)
{
        bool clients =
                strcmp(what, "gateway") == 0 || strcmp(what, "collect") == 0 || strcmp(what, "sweep") == 0;

        if (!clients || geteuid() != 0)
                return true;
        file_say("gateway: %s is for the client user, and this is root: client_user in settings must be "
                 "another account",
                 what);
        return false;
}

int main(int argc, char **argv)
{
        static struct slot slot;
        const char *first[WORDS_MOST] = {NULL};
        bool is_behind = argc > 2 && strcmp(argv[1], "behind") == 0 && argc-- && argv++;
        const char *what = argc > 1 ? argv[1] : "";
        /* The kernel adds the script's path. */
        const char **words = (const char **)argv + 1 + (argc > 2 && strchr(argv[2], '/'));
        bool logs =
                strcmp(what, "log") == 0 || strcmp(what, "log-finish") == 0 || strcmp(what, "collect") == 0;
        int code;

        umask(022);
        /* As the script's first line has it. */
        slot.program = strchr(argv[0], '/') ? argv[0] : SVCBROKER_SLOT_PATH;
        if (strcmp(what, "run") == 0 || strcmp(what, "finish") == 0)
                dup2(STDOUT_FILENO, STDERR_FILENO);
        if (!is_for_root(what))
                return 111;
        if (strcmp(what, "sweep") == 0)
                return sweep(&slot, words);
        code = begin(&slot, logs ? ".." : ".");
        if (code)
                return code;
        if (strcmp(what, "run") == 0) {
                first[0] = "gateway";
                first[3] = getenv("PATH") ? getenv("PATH") : "";
                return start(&slot, "data/pgid", "./gateway", gateway_run, first);
        }
        if (strcmp(what, "log") == 0) {
                first[0] = "collect";
                first[3] = unlink("forward-only") == 0 ? "forward-only" : "-";
                return start(&slot, "../data/log-pgid", "./collect", gateway_collect, first);
        }
        if (argc >= 5 && is_behind && (strcmp(what, "gateway") == 0 || strcmp(what, "collect") == 0))
                return logs ? behind(&slot, "./collect", gateway_collect, words)
                            : behind(&slot, "./gateway", gateway_run, words);
        if (argc >= 5 && (strcmp(what, "gateway") == 0 || strcmp(what, "collect") == 0))
                return logs ? gateway_collect(&slot, words) : gateway_run(&slot, words);
        if (words[0] && words[1] && (strcmp(what, "finish") == 0 || strcmp(what, "log-finish") == 0))
                return logs ? finish_log(&slot, words + 1) : finish(&slot, words + 1);
        file_say("usage: svcbroker-slot run|finish|log|log-finish, in the first line of a slot's scripts: "
                 "svcbroker-slot(8)");
        return 100;
}
