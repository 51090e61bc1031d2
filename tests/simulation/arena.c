/* SPDX-License-Identifier: ISC */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core.h"

#define ARENA_BYTES (64UL * 1024 * 1024)
#define TRACE_BYTES 65536
#define LINE_BYTES 1024

struct core *core;
const struct sim_settings *sim_settings;

static char *arena;
static size_t used;
static bool sealed;
static char trace[TRACE_BYTES];
static size_t traced;

void arena_open(void)
{
        arena = mmap(NULL, ARENA_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE,
                     -1, 0);
        if (arena == MAP_FAILED) {
                perror("simulate: arena");
                exit(2);
        }
        used = 0;
        sealed = false;
        core = sim_alloc(sizeof(*core));
        sim_settings = &core->settings;
}

void arena_seal(void)
{
        sealed = true;
}

void *sim_alloc(size_t bytes)
{
        void *place = arena + used;

        used += (bytes + 63) & ~(size_t)63;
        if (sealed || used > ARENA_BYTES) {
                fprintf(stderr, "simulate: sim_alloc: %s\n", sealed ? "in a life" : "the arena is full");
                abort();
        }
        return place;
}

/* xoshiro256**, which needs no more than its seed and is the same everywhere. */
static uint64_t rotate(uint64_t value, int by)
{
        return value << by | value >> (64 - by);
}

uint64_t sim_random(void)
{
        uint64_t *state = core->random;
        uint64_t result = rotate(state[1] * 5, 7) * 9;
        uint64_t shifted = state[1] << 17;

        state[2] ^= state[0];
        state[3] ^= state[1];
        state[1] ^= state[2];
        state[0] ^= state[3];
        state[2] ^= shifted;
        state[3] = rotate(state[3], 45);
        return result;
}

unsigned sim_below(unsigned most)
{
        return most ? (unsigned)(sim_random() >> 11) % most : 0;
}

bool sim_chance(unsigned per_million)
{
        return per_million && (sim_random() >> 11) % 1000000 < per_million;
}

int64_t sim_between(int64_t least, int64_t most)
{
        return most <= least ? least : least + (int64_t)((sim_random() >> 1) % (uint64_t)(most - least + 1));
}

static unsigned kind_of(enum sim_fault_kind kind)
{
        return (unsigned)__builtin_ctz(kind);
}

bool sim_habit(unsigned habits)
{
        return (core->settings.habits & habits) != 0;
}

bool sim_fault(enum sim_fault_kind kind, unsigned per_million)
{
        unsigned number = kind_of(kind);

        if (core->quiet || !(core->settings.faults & kind))
                return false;
        if (core->storm_until_usec[number] > core->now_usec)
                return sim_chance(core->storm_rate[number]);
        /* By what the seed has drawn for the run: from a tenth of it to ten times as much. */
        return sim_chance((unsigned)((uint64_t)per_million * core->rate[number] / 100));
}

int64_t sim_now_usec(void)
{
        return core->now_usec;
}

int64_t sim_utc_usec(void)
{
        return core->now_usec + core->utc_offset_usec;
}

uint64_t sim_step(void)
{
        return core->step;
}

bool sim_faults_ceased(void)
{
        return core->quiet;
}

unsigned sim_life(void)
{
        return core->life;
}

ssize_t __real_write(int fd, const void *bytes, size_t size);

void trace_flush(void)
{
        size_t at = 0;

        while (core->settings.trace && at < traced) {
                ssize_t n = __real_write(STDOUT_FILENO, trace + at, traced - at);

                if (n <= 0)
                        break;
                at += (size_t)n;
        }
        traced = 0;
}

/* The one thing in it that differs between two runs. */
static void hide_path(char *line)
{
        size_t length = strlen(sim_path);
        char *at;

        while (length && (at = strstr(line, sim_path))) {
                *at = '~';
                memmove(at + 1, at + length, strlen(at + length) + 1);
        }
}

void sim_trace(const char *format, ...)
{
        char line[LINE_BYTES];
        size_t length;
        va_list arguments;
        int n = snprintf(line, sizeof(line), "%llu %lld.%06lld ", (unsigned long long)core->step,
                         (long long)core->now_usec / 1000000, (long long)core->now_usec % 1000000);

        va_start(arguments, format);
        vsnprintf(line + n, sizeof(line) - (size_t)n, format, arguments);
        va_end(arguments);
        hide_path(line);
        length = strlen(line);
        for (size_t i = 0; i < length; i++)
                core->trace_hash = (core->trace_hash ^ (unsigned char)line[i]) * UINT64_C(0x100000001b3);
        if (!core->settings.trace)
                return;
        if (traced + length + 1 > sizeof(trace))
                trace_flush();
        memcpy(trace + traced, line, length);
        trace[traced + length] = '\n';
        traced += length + 1;
}

_Noreturn void sim_violation(const char *invariant, const char *format, ...)
{
        va_list arguments;

        inside_end();
        snprintf(core->violation, sizeof(core->violation), "%s", invariant);
        va_start(arguments, format);
        vsnprintf(core->message, sizeof(core->message), format, arguments);
        va_end(arguments);
        hide_path(core->message);
        sim_trace("VIOLATION %s: %s", invariant, core->message);
        life_end(LIFE_VIOLATION);
}
