/* SPDX-License-Identifier: ISC */
/* A core that is only a clock and a seed: for tests of the world of s6 without a broker. */
#include "alone.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/edge/control.h"
#include "tests/unit/unit.h"

#include "s6_inner.h"

static struct sim_settings settings = {.profiles = 3};
const struct sim_settings *sim_settings = &settings;
char sim_path[64] = "/tmp/simulation-s6-XXXXXX";
int sim_directory;
static uint64_t seed = 1;
int64_t now_usec = 1000 * SEC;

void *sim_alloc(size_t bytes)
{
        void *memory = calloc(1, bytes);

        ck_assert_ptr_nonnull(memory);
        return memory;
}

uint64_t sim_random(void)
{
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        return seed;
}

unsigned sim_below(unsigned most)
{
        return most ? (unsigned)(sim_random() % most) : 0;
}

int64_t sim_between(int64_t least, int64_t most)
{
        return least + (int64_t)(sim_random() % (uint64_t)(most - least + 1));
}

bool sim_fault(enum sim_fault_kind kind, unsigned per_million)
{
        return settings.faults & kind && sim_below(1000000) < per_million;
}

uint64_t sim_step(void)
{
        static uint64_t step;

        return step++;
}

int64_t sim_now_usec(void)
{
        return now_usec;
}

int64_t sim_utc_usec(void)
{
        return now_usec + 1700000000 * SEC;
}

bool sim_faults_ceased(void)
{
        return false;
}

void sim_trace(const char *format, ...)
{
        va_list arguments;

        if (!settings.trace)
                return;
        va_start(arguments, format);
        fprintf(stderr, "%.6f ", (double)now_usec / 1e6);
        vfprintf(stderr, format, arguments);
        fputc('\n', stderr);
        va_end(arguments);
}

static void make_directory(const char *path)
{
        ck_assert_msg(mkdirat(sim_directory, path, 0755) == 0, "%s", path);
}

static void put(const char *path, const char *text, mode_t mode)
{
        int fd = openat(sim_directory, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);

        ck_assert_msg(fd >= 0, "%s", path);
        ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
        close(fd);
}

void world(enum s6_flavour flavour)
{
        static const char *const places[] = {"scan",     "services", "run",        "volume",
                                             "template", "static",   "volume/logs"};

        ck_assert_ptr_nonnull(mkdtemp(sim_path));
        settings.flavour = flavour;
        settings.trace = getenv("SIMULATION_TRACE");
        sim_directory = open(sim_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++)
                make_directory(places[i]);
        actor_s6.init();
        svscan->max = 1000;
        actor_s6.begin();
}

void end(void)
{
        char command[128];

        actor_s6.save();
        snprintf(command, sizeof(command), "rm -rf '%s'", sim_path);
        ck_assert_int_eq(system(command), 0);
}

/* Until nothing is due for so long. */
void pass(int64_t usec)
{
        int64_t until_usec = now_usec + usec;

        for (int64_t due_usec; (due_usec = actor_s6.due_usec()) <= until_usec;) {
                if (due_usec > now_usec)
                        now_usec = due_usec;
                actor_s6.step();
        }
        now_usec = until_usec;
}

void slot(const char *profile, bool down, bool log)
{
        char path[256], text[64];

        snprintf(path, sizeof(path), "services/gateway-%s", profile);
        make_directory(path);
        snprintf(path, sizeof(path), "services/gateway-%s/data", profile);
        make_directory(path);
        snprintf(path, sizeof(path), "services/gateway-%s/data/profile", profile);
        snprintf(text, sizeof(text), "%s\n", profile);
        put(path, text, 0644);
        snprintf(path, sizeof(path), "services/gateway-%s/run", profile);
        put(path, "", 0755);
        snprintf(path, sizeof(path), "services/gateway-%s/finish", profile);
        put(path, "", 0755);
        snprintf(path, sizeof(path), "services/gateway-%s/down", profile);
        if (down)
                put(path, "", 0644);
        snprintf(path, sizeof(path), "services/gateway-%s/log", profile);
        if (log)
                make_directory(path);
        snprintf(path, sizeof(path), "services/gateway-%s/log/run", profile);
        if (log)
                put(path, "", 0755);
}

void link_slot(const char *profile)
{
        char target[256], path[64];

        snprintf(target, sizeof(target), "%s/services/gateway-%s", sim_path, profile);
        snprintf(path, sizeof(path), "scan/gateway-%s", profile);
        ck_assert_int_eq(symlinkat(target, sim_directory, path), 0);
}

void unlink_slot(const char *profile)
{
        char path[64];

        snprintf(path, sizeof(path), "scan/gateway-%s", profile);
        ck_assert_int_eq(unlinkat(sim_directory, path, 0), 0);
}

void scan(const char *letters)
{
        ck_assert_int_eq(s6_fifo_send(sim_directory, "scan/.s6-svscan/control", letters), 0);
}

void tell(const char *name, const char *letters)
{
        ck_assert_int_eq(s6_control_send(sim_directory, name, letters), 0);
}

struct s6_status status(const char *name)
{
        struct s6_status status;

        ck_assert_int_eq(s6_status_read(sim_directory, name, &status), 0);
        return status;
}

bool sim_habit(unsigned habits)
{
        (void)habits;
        return false;
}

bool sim_chance(unsigned per_million)
{
        (void)per_million;
        return false;
}

void sim_violation(const char *invariant, const char *format, ...)
{
        (void)format;
        fprintf(stderr, "%s\n", invariant);
        abort();
}
