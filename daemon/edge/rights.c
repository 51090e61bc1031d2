/* SPDX-License-Identifier: ISC */
#include "daemon/edge/rights.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/fsuid.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/bounds.h"

/* All that is kept: to become the client user in one thread, and to make files of its group. */
static const cap_value_t kept[] = {CAP_SETUID, CAP_SETGID};
#define KEPT_COUNT (sizeof(kept) / sizeof(kept[0]))

static uint64_t kept_bits(void)
{
        uint64_t bits = 0;

        for (size_t i = 0; i < KEPT_COUNT; i++)
                bits |= UINT64_C(1) << kept[i];
        return bits;
}

int rights_begin(unsigned files)
{
        struct rlimit limit = {0, 0};

        if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
                return -errno;
        umask(077);
        /*
         * RLIMIT_CORE does not hold for a core that the kernel pipes into a program, so: not dumpable. Once a
         * thread changes its ids the kernel makes the process so anyway.
         */
        if (setrlimit(RLIMIT_CORE, &limit) < 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
                return -errno;
        if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
                return -errno;
        limit.rlim_cur = files < limit.rlim_max ? files : limit.rlim_max;
        return setrlimit(RLIMIT_NOFILE, &limit) < 0 ? -errno : 0;
}

static int permitted_bits(uint64_t *bits)
{
        uint64_t found = 0;
        cap_t set = cap_get_proc();

        if (!set)
                return -errno;
        for (cap_value_t value = 0; value < cap_max_bits(); value++) {
                cap_flag_value_t on = CAP_CLEAR;

                if (cap_get_flag(set, value, CAP_PERMITTED, &on) == 0 && on == CAP_SET)
                        found |= UINT64_C(1) << value;
        }
        cap_free(set);
        *bits = found;
        return 0;
}

/* Sets one flag of the effective set. */
static int effective_set(cap_value_t value, cap_flag_value_t on)
{
        cap_t set = cap_get_proc();
        int result;

        if (!set)
                return -errno;
        result = cap_set_flag(set, CAP_EFFECTIVE, 1, &value, on) < 0 || cap_set_proc(set) < 0 ? -errno : 0;
        cap_free(set);
        return result;
}

int rights_raise(void)
{
        int result = 0;

        for (size_t i = 0; i < KEPT_COUNT && result == 0; i++)
                result = effective_set(kept[i], CAP_SET);
        return result;
}

/* Shrinks the bounding set as far as the kernel lets it; the caller reads back what came of that. */
static void shrink_bounding(bool can)
{
        if (!can || effective_set(CAP_SETPCAP, CAP_SET) < 0)
                return;
        for (cap_value_t value = 0; value < cap_max_bits(); value++)
                if ((kept_bits() >> value & 1) == 0)
                        cap_drop_bound(value);
}

static int keep_only(uint64_t bits)
{
        cap_t set = cap_init(); /* all clear */
        int result = 0;

        if (!set)
                return -errno;
        for (size_t i = 0; i < KEPT_COUNT && result == 0; i++)
                if ((bits >> kept[i] & 1) != 0 && cap_set_flag(set, CAP_PERMITTED, 1, &kept[i], CAP_SET) < 0)
                        result = -errno;
        if (result == 0 && cap_set_proc(set) < 0)
                result = -errno;
        cap_free(set);
        return result;
}

/* The sets of this thread, as the kernel prints them. */
struct printed {
        unsigned long long inheritable, permitted, effective, bounding, ambient;
        unsigned found; /* how many of the five */
};

static int read_printed(const char *path, struct printed *printed)
{
        struct printed now = {0};
        char line[PROC_LINE_BYTES];
        FILE *file = fopen(path, "re");

        if (!file)
                return -errno;
        while (fgets(line, sizeof(line), file)) {
                now.found += sscanf(line, "CapInh: %llx", &now.inheritable) == 1;
                now.found += sscanf(line, "CapPrm: %llx", &now.permitted) == 1;
                now.found += sscanf(line, "CapEff: %llx", &now.effective) == 1;
                now.found += sscanf(line, "CapBnd: %llx", &now.bounding) == 1;
                now.found += sscanf(line, "CapAmb: %llx", &now.ambient) == 1;
        }
        fclose(file);
        *printed = now;
        return 0;
}

/*
 * May s6-supervise signal gateways? Ours was started by the same s6-svscan as theirs, so its capabilities
 * tell. Those that we were given ourselves (`own`) are second best, for where it cannot be looked at.
 */
static bool supervisor_kills(uint64_t own)
{
        char path[64];
        struct printed printed = {0};

        if (geteuid() != 0)
                return true; /* all have one uid */
        snprintf(path, sizeof(path), "/proc/%d/status", (int)getppid());
        if (read_printed(path, &printed) == 0 && printed.found == 5)
                own = printed.effective;
        return (own >> CAP_KILL & 1) != 0;
}

int rights_drop(struct rights *rights)
{
        struct rights found = {.root = geteuid() == 0};
        struct printed now = {0};
        uint64_t bits = 0;
        int result = permitted_bits(&bits);
        uint64_t keep;

        if (result < 0)
                return result;
        found.supervisor_kills = supervisor_kills(bits);
        keep = bits & kept_bits();
        shrink_bounding((bits >> CAP_SETPCAP & 1) != 0);
        /* An old kernel has no ambient set; the reading below is what counts. */
        prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
        result = keep_only(keep);
        if (result < 0)
                return result;

        result = permitted_bits(&bits);
        if (result == 0)
                result = read_printed("/proc/thread-self/status", &now);
        if (result < 0)
                return result;
        if (bits != keep || now.found != 5 || now.permitted != keep || now.effective != 0 ||
            now.inheritable != 0 || now.ambient != 0)
                return -EPERM;
        found.can_switch = found.root && keep == kept_bits();
        found.bounding_shrunk = (now.bounding & ~kept_bits()) == 0;
        found.missing = kept_bits() & ~keep;
        if (!found.bounding_shrunk)
                found.missing |= UINT64_C(1) << CAP_SETPCAP;
        *rights = found;
        return 0;
}

/* setfsgid() never fails visibly; it only returns the id that was there before, so a second call asks. */
static bool set_file_group(gid_t gid)
{
        setfsgid(gid);
        return (gid_t)setfsgid((gid_t)-1) == gid;
}

/* Raises CAP_SETGID over what the thread has. False: it has it raised already, or may not. */
static bool raise_setgid(cap_t before)
{
        static const cap_value_t value = CAP_SETGID;
        cap_flag_value_t permitted = CAP_CLEAR, effective = CAP_CLEAR;
        cap_t set;
        bool raised;

        if (cap_get_flag(before, value, CAP_PERMITTED, &permitted) < 0 ||
            cap_get_flag(before, value, CAP_EFFECTIVE, &effective) < 0 || permitted != CAP_SET ||
            effective == CAP_SET)
                return false;
        set = cap_dup(before);
        raised = set && cap_set_flag(set, CAP_EFFECTIVE, 1, &value, CAP_SET) == 0 && cap_set_proc(set) == 0;
        cap_free(set);
        return raised;
}

bool rights_group_begin(unsigned gid)
{
        cap_t before = cap_get_proc();
        bool raised = before && raise_setgid(before);
        /* An id that the process has already needs no capability. */
        bool done = set_file_group(gid);

        /* Giving up a capability cannot fail. Should it fail, ending beats going on with one. */
        if (raised && cap_set_proc(before) < 0)
                abort();
        cap_free(before);
        return done;
}

void rights_group_end(void)
{
        setfsgid(getegid());
}
