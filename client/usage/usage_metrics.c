/* SPDX-License-Identifier: ISC */
#include "client/usage/usage.h"

#include <string.h>

#include <json-c/json.h>

#include "client/say/member.h"
#include "client/usage/container.h"
#include "client/usage/session.h"
#include "proto/interface.h"

#define PROC "/proc"
#define PID_FAMILY IO_SVCBROKER ".ServicePid"

enum figure {
        FIGURE_MEMORY,
        FIGURE_CPU,
        FIGURE_PROCESSES,
        FIGURE_THREADS,
        FIGURE_FILES,
        FIGURES,
};

static const struct figure_row {
        const char *name, *type, *description;
} rows[FIGURES] = {
        [FIGURE_MEMORY] = {IO_SVCBROKER ".ServiceMemoryBytes", "gauge",
                           "Anonymous and shared memory of all processes of the session of the service"},
        [FIGURE_CPU] = {IO_SVCBROKER ".ServiceProcessorSeconds", "counter",
                        "Processor time of these processes, and of their children that have ended"},
        [FIGURE_PROCESSES] = {IO_SVCBROKER ".ServiceProcesses", "gauge", "Processes of the service"},
        [FIGURE_THREADS] = {IO_SVCBROKER ".ServiceThreads", "gauge", "Threads of these processes"},
        [FIGURE_FILES] = {IO_SVCBROKER ".ServiceOpenFiles", "gauge", "Open files of these processes"},
};

static const struct figure_row container_rows[] = {
        {IO_SVCBROKER ".ContainerMemoryBytes", "gauge",
         "Memory of the control group of the container, less what the kernel can drop of files"},
        {IO_SVCBROKER ".ContainerMemoryLimitBytes", "gauge", "What it may be; none without a limit"},
};

static int64_t figure_of(const struct usage *usage, enum figure figure)
{
        switch (figure) {
        case FIGURE_MEMORY:
                return usage->memory_bytes;
        case FIGURE_CPU:
                return usage->cpu_usec;
        case FIGURE_PROCESSES:
                return usage->processes;
        case FIGURE_THREADS:
                return usage->threads;
        case FIGURE_FILES:
                return usage->files;
        case FIGURES:
                break;
        }
        return USAGE_UNKNOWN;
}

static void add_family(struct json_object *families, const struct figure_row *row)
{
        struct json_object *family = json_object_new_object();

        json_object_object_add(family, "name", json_object_new_string(row->name));
        json_object_object_add(family, "description", json_object_new_string(row->description));
        json_object_object_add(family, "type", json_object_new_string(row->type));
        json_object_array_add(families, family);
}

/* Adds a metric, unless its number is not known. object: the service; NULL: the metric is the container's. */
static void add_metric(struct json_object *metrics, const char *name, const char *object, int64_t number,
                       bool seconds)
{
        struct json_object *metric;

        if (number < 0)
                return;
        metric = json_object_new_object();
        json_object_object_add(metric, "name", json_object_new_string(name));
        if (object)
                json_object_object_add(metric, "object", json_object_new_string(object));
        json_object_object_add(metric, "value",
                               seconds ? json_object_new_double((double)number / 1e6)
                                       : json_object_new_int64(number));
        json_object_array_add(metrics, metric);
}

static void add_figures(struct json_object *metrics, size_t count, const struct usage_processes *processes,
                        enum figure figure)
{
        for (size_t i = 0; i < count; i++) {
                struct json_object *metric = json_object_array_get_idx(metrics, i);
                struct usage usage;

                if (!member_is(metric, "name", PID_FAMILY))
                        continue;
                usage_of_session(PROC, processes, member_int(metric, "value", 0), figure == FIGURE_FILES,
                                 &usage);
                add_metric(metrics, rows[figure].name, member_string(metric, "object"),
                           figure_of(&usage, figure), figure == FIGURE_CPU);
        }
}

void usage_add_metrics(struct json_object *families, struct json_object *metrics, bool here)
{
        size_t count = json_object_array_length(metrics);
        struct usage_processes processes = {NULL, 0};
        struct container_memory memory;

        if (here && usage_processes_read(PROC, &processes) == 0) {
                for (size_t i = 0; i < FIGURES; i++) {
                        add_family(families, &rows[i]);
                        add_figures(metrics, count, &processes, (enum figure)i);
                }
                usage_processes_free(&processes);
        }
        if (container_memory_read("", &memory) < 0)
                return;
        add_family(families, &container_rows[0]);
        add_metric(metrics, container_rows[0].name, NULL, memory.used_bytes, false);
        add_family(families, &container_rows[1]);
        add_metric(metrics, container_rows[1].name, NULL, memory.limit_bytes, false);
}
