/* SPDX-License-Identifier: ISC */
#include "client/say/facts.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "client/say/member.h"
#include "client/text/bytes.h"
#include "client/text/duration.h"

#define USEC_PER_SEC INT64_C(1000000)

_Static_assert(FACTS_TEXT_BYTES >= DURATION_TEXT_BYTES, "a length of time must fit");

/* Reads a time. Nothing happened in 1970: some write that where no time is known. */
static int64_t moment(struct json_object *object, const char *name)
{
        int64_t usec = member_int(object, name, FACTS_UNKNOWN);

        return usec > 0 ? usec : FACTS_UNKNOWN;
}

void facts_read(struct json_object *service, struct facts *facts)
{
        struct json_object *last_exit = member_object(service, "last_exit");
        const char *name = member_string(service, "name");
        struct json_object *usage = member_object(service, "usage");
        int64_t step_usec = moment(service, "step_since_usec");

        *facts = (struct facts){
                .name = name ? name : "?",
                .reason = member_string(service, "reason"),
                .note = member_string(service, "note"),
                .problem = member_string(service, "problem"),
                .cause = member_string(service, "cause"),
                .log_directory = member_string(service, "log_directory"),
                .log_problem = member_string(service, "log_problem"),
                .lock_problem = member_string(service, "lock_problem"),
                .exit_signal = member_string(last_exit, "signal"),
                .state = state_of(service),
                .gateway = member_is(service, "kind", "gateway"),
                .want_up = member_is(service, "want", "up"),
                .exit_ordered = member_true(last_exit, "ordered"),
                .pid = member_int(service, "pid", FACTS_UNKNOWN),
                .since_usec = step_usec >= 0 ? step_usec : moment(service, "since_usec"),
                .until_usec = moment(service, "step_until_usec"),
                .next_start_usec = moment(service, "next_start_usec"),
                .exit_code = member_int(last_exit, "code", FACTS_UNKNOWN),
                .exit_at_usec = moment(last_exit, "at_usec"),
                .oom_kills = member_int(last_exit, "oom_kills", FACTS_UNKNOWN),
                .oom_since_usec = moment(last_exit, "oom_since_usec"),
                .used = usage != NULL,
                .memory_bytes = member_int(usage, "memory_bytes", FACTS_UNKNOWN),
                .cpu_usec = member_int(usage, "cpu_usec", FACTS_UNKNOWN),
                .cpu_permille = member_int(usage, "cpu_permille", FACTS_UNKNOWN),
                .processes = member_int(usage, "processes", FACTS_UNKNOWN),
                .threads = member_int(usage, "threads", FACTS_UNKNOWN),
                .files = member_int(usage, "files", FACTS_UNKNOWN),
                .restarts = member_int(service, "restarts", 0),
                .log_restarts = member_int(service, "log_restarts", 0),
        };
}

/* Whether the service is up or down against what is wanted, with no change under way that would explain
 * it. */
static bool is_mismatch(const struct facts *facts)
{
        return (facts->state->kind == STATE_UP && !facts->want_up && facts->gateway) ||
               (facts->state->kind == STATE_DOWN && facts->want_up);
}

const char *facts_trouble(const struct facts *facts)
{
        const char *troubles[] = {facts->reason, facts->log_problem, facts->lock_problem};
        size_t i = 0;

        while (i < 2 && !troubles[i])
                i++;
        return troubles[i];
}

bool facts_need_attention(const struct facts *facts)
{
        if (facts->problem || facts->log_problem || facts->lock_problem)
                return true;
        if (facts->until_usec >= 0 ||
            facts->state->kind == STATE_SERVED) /* a change has time, and a served one is well */
                return false;
        /* An older broker does not tell of problems: in any other state a reason is that of the logger. */
        return facts->state->wrong || facts->reason || is_mismatch(facts);
}

const char *facts_exit_brief(const struct facts *facts, char *buffer)
{
        buffer[0] = '\0';
        if (facts->exit_signal && !facts->exit_ordered)
                snprintf(buffer, FACTS_TEXT_BYTES, "%s", facts->exit_signal);
        else if (facts->exit_code >= 0 && !facts->exit_ordered)
                snprintf(buffer, FACTS_TEXT_BYTES, "exit %" PRId64, facts->exit_code);
        return buffer;
}

struct meaning {
        int64_t code;
        bool gateways; /* the code means that for gateways only */
        const char *text;
};

/* What exit codes mean, as svcbrokerd(8) and the shell have it. */
static const struct meaning meanings[] = {
        {69, true, "it runs elsewhere"},          {75, true, "it asked to be started again"},
        {78, true, "configuration error"},        {126, false, "its program cannot be run"},
        {127, false, "its program is not there"},
};

const char *facts_exit_words(const struct facts *facts, char *buffer)
{
        const char *ordered = facts->exit_ordered ? ", as ordered" : "";
        const char *text = NULL;

        for (size_t i = 0; i < sizeof(meanings) / sizeof(meanings[0]); i++) {
                if (meanings[i].code == facts->exit_code && (facts->gateway || !meanings[i].gateways))
                        text = meanings[i].text;
        }
        buffer[0] = '\0';
        if (facts->exit_signal)
                snprintf(buffer, FACTS_TEXT_BYTES, "killed by %s%s", facts->exit_signal, ordered);
        else if (text)
                snprintf(buffer, FACTS_TEXT_BYTES, "exit %" PRId64 " (%s)%s", facts->exit_code, text,
                         ordered);
        else if (facts->exit_code >= 0)
                snprintf(buffer, FACTS_TEXT_BYTES, "exit %" PRId64 "%s", facts->exit_code, ordered);
        return buffer;
}

/* Writes a time of at least a second: parts of a second are noise here. */
static const char *distance(int64_t usec, char *buffer)
{
        return duration_format(usec < USEC_PER_SEC ? 1000 : usec / 1000, buffer);
}

const char *facts_age(int64_t then_usec, int64_t now_usec, char *buffer)
{
        buffer[0] = '\0';
        return then_usec < 0 ? buffer : distance(now_usec - then_usec, buffer);
}

const char *facts_until(int64_t then_usec, int64_t now_usec, char *buffer)
{
        buffer[0] = '\0';
        return then_usec < 0 ? buffer : distance(then_usec - now_usec, buffer);
}

const char *facts_moment(int64_t then_usec, char *buffer)
{
        time_t seconds = (time_t)(then_usec / USEC_PER_SEC);
        struct tm local;

        if (then_usec < 0 || !localtime_r(&seconds, &local) ||
            strftime(buffer, FACTS_TEXT_BYTES, "%F %T", &local) == 0)
                buffer[0] = '\0';
        return buffer;
}

const char *facts_clock(int64_t then_usec, int64_t now_usec, char *buffer)
{
        char today[FACTS_TEXT_BYTES];
        size_t date = strcspn(facts_moment(now_usec, today), " ");

        facts_moment(then_usec, buffer);
        if (buffer[0] && strncmp(buffer, today, date + 1) == 0)
                memmove(buffer, buffer + date + 1, strlen(buffer + date + 1) + 1);
        return buffer;
}

void facts_write_memory(const struct facts *facts, FILE *file)
{
        char moment[FACTS_TEXT_BYTES];
        bool likely =
                facts->oom_kills == 1 && facts->exit_signal && strcmp(facts->exit_signal, "SIGKILL") == 0;

        if (facts->oom_kills <= 0)
                return;
        facts_moment(facts->oom_since_usec, moment);
        fprintf(file, " The kernel killed %" PRId64 " process%s of this container for want of memory",
                facts->oom_kills, facts->oom_kills == 1 ? "" : "es");
        if (*moment)
                fprintf(file, " between %s and that end", moment);
        fputs(likely               ? ", most likely this one."
              : facts->exit_signal ? ", perhaps this one."
                                   : ", perhaps one that it had started.",
              file);
}

const char *facts_memory(const struct facts *facts, char *buffer)
{
        buffer[0] = '\0';
        if (facts->used && facts->memory_bytes >= 0)
                return bytes_format(facts->memory_bytes, buffer);
        if (facts->used)
                strcpy(buffer, "?");
        return buffer;
}

const char *facts_share(const struct facts *facts, char *buffer)
{
        buffer[0] = '\0';
        if (facts->used && facts->cpu_permille >= 0)
                snprintf(buffer, FACTS_TEXT_BYTES, "%" PRId64 ".%" PRId64 "%%", facts->cpu_permille / 10,
                         facts->cpu_permille % 10);
        else if (facts->used)
                strcpy(buffer, facts->cpu_usec < 0 ? "?" : "-");
        return buffer;
}

const char *facts_log_directory(struct json_object *service)
{
        const char *name = member_string(service, "name");
        const char *directory = member_string(service, "log_directory");

        return !directory && name && strcmp(name, "svcbrokerd") == 0 ? FACTS_BROKER_LOG : directory;
}
