/* SPDX-License-Identifier: ISC */
#include "daemon/judge/ending.h"

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "daemon/bounds.h"
#include "proto/sysname.h"

struct ending ending_of_status(int wait_status)
{
        if (WIFSIGNALED(wait_status))
                return (struct ending){.known = true, .code = -1, .signal = WTERMSIG(wait_status)};
        return (struct ending){.known = true, .code = WEXITSTATUS(wait_status)};
}

struct ending ending_of_record(const struct record *record)
{
        return (struct ending){record->has_exit, record->exit_code, record->exit_signal};
}

enum brake_word ending_word(const struct ending *ending)
{
        if (!ending->known)
                return WORD_NONE;
        switch (ending->code) {
        case EXIT_RESTART_ME:
                return WORD_RESTART_ME;
        case EXIT_CONFIGURATION:
                return WORD_CONFIGURATION;
        case EXIT_RUNS_ELSEWHERE:
                return WORD_ELSEWHERE;
        default:
                return WORD_NONE;
        }
}

enum death ending_death(const struct ending *ending, bool ordered, bool oom)
{
        if (ordered)
                return DEATH_ORDERED;
        if (ending->signal)
                return oom ? DEATH_MEMORY : DEATH_SIGNAL;
        switch (ending->code) {
        case 0:
                return DEATH_SUCCESS;
        case EXIT_RESTART_ME:
                return DEATH_RESTART_ME;
        case EXIT_CONFIGURATION:
                return DEATH_CONFIGURATION;
        case EXIT_RUNS_ELSEWHERE:
                return DEATH_ELSEWHERE;
        default:
                return DEATH_CODE;
        }
}

const char *death_name(enum death death)
{
        static const char *const names[DEATHS] = {
                [DEATH_ORDERED] = "ordered",     [DEATH_SUCCESS] = "success",
                [DEATH_RESTART_ME] = "restart",  [DEATH_CONFIGURATION] = "configuration",
                [DEATH_ELSEWHERE] = "elsewhere", [DEATH_CODE] = "code",
                [DEATH_MEMORY] = "memory",       [DEATH_SIGNAL] = "signal",
        };

        return names[death];
}

bool ending_is_success(const struct ending *ending)
{
        return ending->known && !ending->signal && ending->code == 0;
}

void ending_describe(const struct ending *ending, bool oom, char *text, size_t size)
{
        const char *memory = oom ? " (the container is out of memory)" : "";

        if (!ending->known)
                snprintf(text, size, "the cause is not known");
        else if (ending->signal)
                snprintf(text, size, "by SIG%s%s", sysname_signal(ending->signal) ?: "?", memory);
        else
                snprintf(text, size, "with exit code %d%s", ending->code, memory);
}

void ending_describe_delay(const struct ending *ending, bool oom, unsigned attempt, long long delay_msec,
                           char *text, size_t size)
{
        char how[64];

        ending_describe(ending, oom, how, sizeof(how));
        snprintf(text, size, "%s: %s; attempt %u waits %lld s",
                 ending_is_success(ending) ? "it ended by itself, though it is wanted" : "it keeps ending",
                 how, attempt, delay_msec / 1000);
}

bool ending_is_given_up(const struct static_seen *seen)
{
        if (seen->told || seen->exit_code == 0 || seen->exit_code == EXIT_OFF)
                return false;
        /* s6 has noted ends that the broker did not see; a single one may have been an ordered TERM. */
        return seen->ended_wanted || seen->exit_code == EXIT_CONFIGURATION || seen->deaths >= STATIC_ENDS;
}

void ending_describe_static(const struct record *record, bool given_up, char *text, size_t size)
{
        const struct ending ending = ending_of_record(record);
        char how[64];

        ending_describe(&ending, record->oom_kills, how, sizeof(how));
        if (!given_up)
                snprintf(text, size, "it keeps ending: %s; s6 starts it again", how);
        else if (ending_word(&ending) == WORD_CONFIGURATION)
                snprintf(text, size, "configuration error (exit code %d): its last lines say which",
                         EXIT_CONFIGURATION);
        else
                snprintf(text, size, "it ended: %s; its finish script gave it up", how);
}
