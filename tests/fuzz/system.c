/* SPDX-License-Identifier: ISC */
/*
 * What the system says of others and of us: the command line and the limits of s6-svscan, a script's first line, control groups. The
 * first byte says which; sections of an input end with a form feed.
 */
#include <errno.h>

#include "daemon/edge/cgroup.h"
#include "daemon/edge/interpreter.h"
#include "daemon/edge/oom.h"
#include "daemon/edge/svscan.h"

#include "fuzz.h"

#define SECTION "\f"

static void check_svscan(const char *bytes, size_t size)
{
        struct svscan_room room;
        char *text;

        svscan_read_words(bytes, size, &room);
        must(room.supervisors >= 4 && room.supervisors <= 160000 && room.services <= 80000);
        text = fuzz_string((const uint8_t *)bytes, size);
        if (!text)
                return;
        svscan_read_limits(text, &room);
        must(room.loggers <= 160000);
        free(text);
}

static void check_interpreter(const char *bytes, size_t size)
{
        struct interpreter interpreter;

        memset(&interpreter, 0xff, sizeof(interpreter));
        if (!interpreter_parse(bytes, size, &interpreter))
                return;
        must(*interpreter.path && strlen(interpreter.path) < sizeof(interpreter.path));
        must(strlen(interpreter.argument) < sizeof(interpreter.argument));
        must(!strpbrk(interpreter.path, " \t\n") && !strpbrk(interpreter.argument, " \t\n"));
}

/* The sections become these files, below the directory of ours. */
static void write_sections(char *text, const char *const *files)
{
        for (; *files; files++) {
                const char *section = text ? strsep(&text, SECTION) : "";
                char path[256];

                snprintf(path, sizeof(path), "%s/%s", fuzz_directory(), *files);
                for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
                        *slash = '\0';
                        mkdir(path, 0700);
                        *slash = '/';
                }
                fuzz_write(path, section, strlen(section));
        }
}

static void check_oom(char *text)
{
        static const char *const files[] = {"self", "cg/memory.events", "cg/memory.max", "cg/memory/memory.oom_control",
                                            "cg/memory/memory.limit_in_bytes", NULL};
        char self[128], mount[128];
        struct oom oom;

        write_sections(text, files);
        snprintf(self, sizeof(self), "%s/self", fuzz_directory());
        snprintf(mount, sizeof(mount), "%s/cg", fuzz_directory());
        if (oom_read_at(self, mount, &oom) == 0)
                must(oom.kills >= 0 && oom.limit_bytes >= 0);
}

static void check_cgroup(char *text)
{
        static const char *const files[] = {"proc/self/cgroup", "proc/self/mountinfo", "sys/fs/cgroup/memory.max",
                                            "sys/fs/cgroup/memory.current", "sys/fs/cgroup/memory.stat",
                                            "sys/fs/cgroup/pids.max", "sys/fs/cgroup/pids.current", NULL};
        struct cgroup_limit limit;

        write_sections(text, files);
        for (int kind = CGROUP_PIDS; kind <= CGROUP_MEMORY; kind++) {
                int result = cgroup_read(fuzz_directory(), (enum cgroup_kind)kind, &limit);

                must(result <= 0);
                if (result == 0)
                        must(strnlen(limit.where, sizeof(limit.where)) < sizeof(limit.where));
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        char *bytes, *text;

        if (size == 0)
                return -1;
        bytes = malloc(size);
        must(bytes);
        memcpy(bytes, data + 1, size - 1);
        text = fuzz_string(data + 1, size - 1);
        switch (data[0]) {
        case 's':
                check_svscan(bytes, size - 1);
                break;
        case 'i':
                check_interpreter(bytes, size - 1);
                break;
        case 'o':
                if (text)
                        check_oom(text);
                break;
        case 'c':
                if (text)
                        check_cgroup(text);
                break;
        default:
                free(bytes);
                free(text);
                return -1;
        }
        free(bytes);
        free(text);
        return 0;
}
