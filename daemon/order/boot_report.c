/* SPDX-License-Identifier: ISC */
#include "daemon/order/boot_report.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "daemon/judge/boot_log.h"
#include "daemon/log/log.h"
#include "daemon/edge/volume.h"
#include "proto/sysname.h"

struct boot_report {
        struct deputy_job job;
        const char *home;
        struct text text;
        int result;
        void (*done)(void *owner);
        void *owner;
};

static void boot_report_free(struct boot_report *log)
{
        text_deinit(&log->text);
        free(log);
}

static void boot_report_work(struct deputy_job *job)
{
        struct boot_report *log = (struct boot_report *)job;
        int volume = volume_open(log->home);

        log->result =
                volume < 0 ? volume : volume_append_log(volume, BOOT_LOG, log->text.bytes, log->text.length);
        if (volume >= 0)
                close(volume);
}

static void boot_report_done(struct deputy_job *job, bool late)
{
        struct boot_report *log = (struct boot_report *)job;
        int error = late ? ETIMEDOUT : -log->result;

        if (error)
                log_event("reconcile: cannot write the boot log: why=%s", sysname_error(error));
        log->done(log->owner);
}

static void boot_report_drop(struct deputy_job *job)
{
        boot_report_free((struct boot_report *)job);
}

static void boot_report_line(const struct plan *plan, size_t place, const char *stamp, bool again,
                             struct text *text)
{
        const struct reconcile_action *action = &plan->actions[place];
        const char *what = action->what == RECONCILE_STARTED   ? "started"
                           : action->what == RECONCILE_SKIPPED ? "skipped"
                                                               : "registered";

        /* When profiles that hung at first are looked at again, the others have their lines already. What was
         * skipped for a reason without a word, as for a name that could not stand in a line, is in the
         * broker's log. */
        if ((action->what == RECONCILE_SKIPPED && !action->why) || (again && action->what == RECONCILE_KEPT))
                return;
        text_append_string(text, stamp);
        text_append_string(text, " profile=");
        text_append_string(text, action->profile);
        text_append_string(text, " prior_state=");
        text_append_string(text, action->prior[0] ? action->prior : "None");
        text_append_string(text, " action=");
        text_append_string(text, what);
        if (action->why) {
                text_append_string(text, " why=");
                text_append_string(text, action->why);
        }
        text_append_string(text, " prior_exit=");
        text_append_string(text, prior_exit_name(action->prior_exit));
        text_append_string(text, "\n");
}

int boot_report_write(struct store *store, const struct plan *plan, bool again, void (*done)(void *owner),
                      void *owner)
{
        struct boot_report *log = calloc(1, sizeof(*log));
        char stamp[64];
        time_t now = time(NULL);
        struct tm utc;

        if (log) {
                text_init(&log->text);
                gmtime_r(&now, &utc);
                strftime(stamp, sizeof(stamp), "%Y-%m-%dT%H:%M:%S+0000", &utc);
                for (size_t i = 0; i < plan->count; i++)
                        boot_report_line(plan, i, stamp, again, &log->text);
                log->home = store->home;
                log->done = done;
                log->owner = owner;
                log->job = (struct deputy_job){.work = boot_report_work,
                                               .done = boot_report_done,
                                               .drop = boot_report_drop,
                                               .timeout_msec = STORE_MSEC,
                                               .lane = STORE_LANE_ROOT_LOOKS};
        }
        if (log && !log->text.failed && !deputy_is_stuck(&store->deputy, STORE_LANE_ROOT_LOOKS)) {
                deputy_run(&store->deputy, &log->job);
                return 0;
        }
        if (log)
                boot_report_free(log);
        log_event("reconcile: cannot write the boot log");
        return -EAGAIN;
}
