/* SPDX-License-Identifier: ISC */
/* What tools/demo/hermes does with its profile's directory, and what the words of GATEWAY_TEST make it do. */
#include "s6_inner.h"

#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define STATE "gateway_state.json"
#define TEXT_BYTES 512

static int directory_of(const struct task *process)
{
        const char *profile = s6->services[process->service].profile;
        char path[S6_NAME_BYTES + 16];

        snprintf(path, sizeof(path), "profiles/%s", profile);
        return volume_directory(strcmp(profile, "default") == 0 ? "" : path, false);
}

static bool read_text(int at, const char *path, char text[TEXT_BYTES])
{
        int fd = at < 0 ? -1 : openat(at, path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
        ssize_t length = fd < 0 ? -1 : read(fd, text, TEXT_BYTES - 1);

        if (fd >= 0)
                close(fd);
        text[length > 0 ? length : 0] = '\0';
        return length > 0;
}

void hermes_record(struct task *process, const char *state, const char *desired)
{
        char text[TEXT_BYTES], before[TEXT_BYTES];
        int at = directory_of(process), fd, length;

        if (at < 0)
                return;
        /* What it was told to be at last stays in there. */
        if (!desired && read_text(at, STATE, before))
                desired = strstr(before, "\"desired_state\":\"stopped\"")   ? "stopped"
                          : strstr(before, "\"desired_state\":\"running\"") ? "running"
                                                                            : NULL;
        length = snprintf(text, sizeof(text),
                          "{\"kind\":\"gateway\",\"pid\":%d,\"start_time\":%" PRIu64
                          ",\"gateway_state\":\"%s\"%s%s%s}",
                          (int)process->pid, process->start, state, desired ? ",\"desired_state\":\"" : "",
                          desired ? desired : "", desired ? "\"" : "");
        fd = openat(at, STATE ".new", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
        if (fd >= 0) {
                if (write(fd, text, (size_t)length) != length)
                        abort();
                close(fd);
                renameat(at, STATE ".new", at, STATE);
        }
        close(at);
}

/* Somebody has left it word that its end is meant. */
bool hermes_stop_was_planned(const struct task *process)
{
        char text[TEXT_BYTES], pid[64], start[64];
        int at = directory_of(process);
        bool planned = read_text(at, ".gateway-planned-stop.json", text);

        if (at >= 0)
                close(at);
        snprintf(pid, sizeof(pid), "\"target_pid\":%d,", (int)process->pid);
        snprintf(start, sizeof(start), "\"target_start_time\":%" PRIu64 ",", process->start);
        return planned && strstr(text, pid) && strstr(text, start);
}

static const char *word_of(const char *words, const char *name)
{
        size_t length = strlen(name);

        for (const char *at = words; *at; at += strcspn(at, ","), at += *at == ',')
                if (strncmp(at, name, length) == 0 && (!at[length] || strchr(":,", at[length])))
                        return at + length + (at[length] == ':');
        return NULL;
}

static int64_t seconds_of(const char *text, double otherwise)
{
        char *end;
        double seconds = strtod(text, &end);

        return (int64_t)((end == text ? otherwise : seconds) * (double)SEC);
}

static void set_ends(const char *words, struct s6_run *run)
{
        const char *value;

        if ((value = word_of(words, "exit"))) {
                run->code = (int)strtol(value, NULL, 10);
                value += strcspn(value, ":,");
                run->lasts_usec = *value == ':' ? seconds_of(value + 1, 0) : 0;
        }
        if ((value = word_of(words, "kill"))) {
                run->signal = SIGKILL;
                run->lasts_usec = seconds_of(value, 0);
        }
        if ((value = word_of(words, "crash"))) {
                run->signal = SIGSEGV;
                run->lasts_usec = seconds_of(value, 0);
        }
        if ((value = word_of(words, "says-stopped"))) {
                run->says_stopped = true;
                run->lasts_usec = seconds_of(value, 0);
        }
}

/* False: nothing says what it does. */
static bool read_words(const struct task *process, char words[TEXT_BYTES])
{
        static const char name[] = "GATEWAY_TEST=";
        int place = script_place(process);
        char text[TEXT_BYTES], *at;
        bool found = read_text(place, "env", text);

        if (place >= 0)
                close(place);
        at = strncmp(text, name, sizeof(name) - 1) == 0 ? text : strstr(text, "\nGATEWAY_TEST=");
        if (!found || !at)
                return false;
        at += at == text ? sizeof(name) - 1 : sizeof(name);
        at[strcspn(at, "\n")] = '\0';
        memmove(words, at, strlen(at) + 1);
        return *words != '\0';
}

bool hermes_plan(const struct task *process, struct s6_run *run)
{
        char words[TEXT_BYTES];
        const char *value;
        int at;

        if (!read_words(process, words))
                return false;
        *run = (struct s6_run){.lasts_usec = SIM_NEVER, .term_code = TERM_AS_PLANNED};
        set_ends(words, run);
        if (word_of(words, "ignore-term"))
                run->drains_usec = SIM_NEVER;
        else if (run->lasts_usec == SIM_NEVER && (value = word_of(words, "drain")))
                run->drains_usec = seconds_of(value, 0);
        else if (run->lasts_usec != SIM_NEVER) /* it sleeps until its end, and SIGTERM wakes it */
                run->term_code = TERM_AS_ITS_END;
        run->leaves_child = word_of(words, "child") != NULL;
        run->stubborn_child = run->leaves_child;
        if (word_of(words, "needs-home")) {
                at = directory_of(process);
                if (at < 0)
                        *run = (struct s6_run){.code = 1};
                else
                        close(at);
        }
        return true;
}
