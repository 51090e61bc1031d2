/* SPDX-License-Identifier: ISC */
#include "client/usage/usage.h"

#include <stdlib.h>

#include <json-c/json.h>

#include "client/lib/clock.h"
#include "client/say/member.h"
#include "client/usage/container.h"
#include "client/usage/session.h"

#define PROC "/proc"

static int compare(const void *one, const void *other)
{
        const struct usage_sample *left = one, *right = other;

        return left->pid < right->pid ? -1 : left->pid > right->pid;
}

static void put_number(struct json_object *object, const char *name, int64_t number)
{
        json_object_object_add(object, name, number < 0 ? NULL : json_object_new_int64(number));
}

/* Returns the share of one processor since a look before, in thousandths; USAGE_UNKNOWN: there was no such
 * look, or one of the two saw nothing. */
static int64_t share_since(const struct usage_sample *before, int64_t cpu_usec, int64_t now_msec)
{
        int64_t passed_msec = before ? now_msec - before->looked_msec : 0;

        if (passed_msec <= 0 || cpu_usec < 0 || before->cpu_usec < 0)
                return USAGE_UNKNOWN;
        return cpu_usec > before->cpu_usec ? (cpu_usec - before->cpu_usec) / passed_msec : 0;
}

static struct json_object *make(const struct usage *usage, int64_t share, bool files)
{
        struct json_object *made = json_object_new_object();

        put_number(made, "memory_bytes", usage->memory_bytes);
        put_number(made, "cpu_usec", usage->cpu_usec);
        if (share >= 0)
                put_number(made, "cpu_permille", share);
        put_number(made, "processes", usage->processes);
        put_number(made, "threads", usage->threads);
        if (files)
                put_number(made, "files", usage->files);
        return made;
}

/* One look at the services. */
struct look {
        struct usages *before;
        struct usages after;
        struct usage_processes processes; /* read when the first service needs them */
        bool read;
        bool here;
        bool files;
        int64_t now_msec;
};

static const struct usage_sample *sample_of(const struct usages *usages, int64_t pid)
{
        const struct usage_sample wanted = {.pid = pid};

        return usages->count ? bsearch(&wanted, usages->samples, usages->count, sizeof(wanted), compare)
                             : NULL;
}

static struct usage_sample take_sample(struct look *look, int64_t pid)
{
        const struct usage_sample *before = sample_of(look->before, pid);
        struct usage usage;

        if (before && look->now_msec - before->looked_msec < look->before->least_msec)
                return (struct usage_sample){pid, before->cpu_usec, before->looked_msec,
                                             json_object_get(before->usage)};
        if (!look->read && look->here && usage_processes_read(PROC, &look->processes) < 0)
                look->here = false;
        look->read = true;
        usage_of_session(PROC, &look->processes, pid, look->files, &usage);
        return (struct usage_sample){
                pid, usage.cpu_usec, look->now_msec,
                make(&usage, share_since(before, usage.cpu_usec, look->now_msec), look->files)};
}

void usages_add(struct usages *usages, struct json_object *services, bool here, bool files)
{
        size_t count = services ? json_object_array_length(services) : 0;
        struct look look = {.before = usages, .here = here, .files = files, .now_msec = clock_now_msec()};

        look.after.least_msec = usages->least_msec;
        look.after.samples = calloc(count + 1, sizeof(*look.after.samples));
        for (size_t i = 0; look.after.samples && i < count; i++) {
                struct json_object *service = json_object_array_get_idx(services, i);
                int64_t pid = member_int(service, "pid", 0);
                struct usage_sample sample;

                json_object_object_del(service, "usage");
                if (pid <= 0)
                        continue;
                sample = take_sample(&look, pid);
                json_object_object_add(service, "usage", json_object_get(sample.usage));
                look.after.samples[look.after.count++] = sample;
        }
        if (look.after.count)
                qsort(look.after.samples, look.after.count, sizeof(*look.after.samples), compare);
        usage_processes_free(&look.processes);
        usages_deinit(usages);
        *usages = look.after;
}

void usages_deinit(struct usages *usages)
{
        for (size_t i = 0; i < usages->count; i++)
                json_object_put(usages->samples[i].usage);
        free(usages->samples);
        *usages = (struct usages){0};
}

void usage_add_container(struct json_object *document)
{
        struct container_memory memory;
        struct json_object *made;

        if (container_memory_read("", &memory) < 0)
                return;
        made = json_object_new_object();
        put_number(made, "memory_bytes", memory.used_bytes);
        put_number(made, "memory_limit_bytes", memory.limit_bytes);
        json_object_object_add(document, "container", made);
}
