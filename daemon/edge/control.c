/* SPDX-License-Identifier: ISC */
#include "daemon/edge/control.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/bounds.h"
#include "daemon/edge/run_signal.h"
#include "daemon/judge/signals.h"
#include "daemon/loop/deputy.h"

/* What an errand sends; each takes the place of those before it. */
enum errand_kind {
        ERRAND_NONE,
        ERRAND_TERM,     /* a stopped run stays stopped */
        ERRAND_CONTINUE, /* TERM, and CONT behind it */
        ERRAND_KILL,
};

static const struct {
        int signals[2];
        size_t count;
} errand_rows[] = {
        [ERRAND_TERM] = {{SIGTERM}, 1},
        [ERRAND_CONTINUE] = {{SIGTERM, SIGCONT}, 2},
        [ERRAND_KILL] = {{SIGKILL}, 1},
};

/* A signal to a run that is not sent yet. It outlives its control as long as its timer or its job does. */
struct errand {
        struct control *control; /* NULL: nobody waits for the signal any longer */
        unsigned users;          /* how many of its control, its timer and its job hold it */
        enum errand_kind kind;   /* never ERRAND_NONE */
        bool busy;               /* the deputy has a job for it */
        struct s6_status run;
        int64_t pause_msec;
        struct timer again;
};

/* What the deputy is given; by value, since the control may be gone when the job is done. */
struct signal_job {
        struct deputy_job job;
        struct errand *errand; /* NULL: the signals are tried once */
        uid_t uid;
        struct run_mark mark;
        int signals[2];
        size_t count;
        enum run_signal result;
};

/* Opening for writing without blocking is itself the test: ENXIO says that nobody reads. */
int s6_fifo_open(int at, const char *path)
{
        struct stat found;
        int fd = openat(at, path, O_WRONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
        int result;

        if (fd < 0)
                return -errno;
        /* A plain file opens as well, and would swallow the letters. */
        result = fstat(fd, &found) < 0 ? -errno : S_ISFIFO(found.st_mode) ? 0 : -ENXIO;
        if (result < 0) {
                close(fd);
                return result;
        }
        return fd;
}

unsigned s6_fifo_unread(int at, const char *path)
{
        int fd = s6_fifo_open(at, path);
        int bytes = 0;

        if (fd < 0)
                return 0;
        if (ioctl(fd, FIONREAD, &bytes) < 0)
                bytes = 0;
        close(fd);
        return (unsigned)bytes;
}

int s6_fifo_send(int at, const char *path, const char *letters)
{
        size_t length = strlen(letters);
        int fd;
        ssize_t n;
        int result;

        if (length == 0 || length > S6_LETTERS)
                return -EINVAL;
        fd = s6_fifo_open(at, path);
        if (fd < 0)
                return fd;

        do
                n = write(fd, letters, length);
        while (n < 0 && errno == EINTR);
        /* The reader went away between our open and our write. */
        result = n >= 0 ? 0 : errno == EPIPE ? -ENXIO : -errno;
        close(fd);
        return result;
}

static int control_path(const char *name, char path[S6_PATH_BYTES])
{
        int length = snprintf(path, S6_PATH_BYTES, "%s/supervise/control", name);

        return length < 0 || length >= S6_PATH_BYTES ? -ENAMETOOLONG : 0;
}

bool s6_control_is_gone(int result)
{
        switch (result) {
        case -ENXIO:  /* nobody reads it, or it is no FIFO */
        case -ELOOP:  /* a link */
        case -EISDIR: /* a directory */
        case -ENOENT: /* there is none, nor the directory that it is in */
        case -ENOTDIR:
                return true;
        default:
                return false;
        }
}

int s6_control_alive(int at, const char *name)
{
        char path[S6_PATH_BYTES];
        int result = control_path(name, path);
        int fd = result < 0 ? result : s6_fifo_open(at, path);

        if (fd < 0)
                return s6_control_is_gone(fd) ? 0 : fd;
        close(fd);
        return 1;
}

unsigned s6_control_unread(int at, const char *name)
{
        char path[S6_PATH_BYTES];

        return control_path(name, path) == 0 ? s6_fifo_unread(at, path) : 0;
}

int s6_control_send(int at, const char *name, const char *letters)
{
        char path[S6_PATH_BYTES];
        int result = control_path(name, path);

        return result < 0 ? result : s6_fifo_send(at, path, letters);
}

struct control_name control_name(const struct control *control)
{
        struct control_name name;

        snprintf(name.text, sizeof(name.text), "%s%s", control->name, control->suffix);
        return name;
}

int control_is_alive(const struct control *control)
{
        return s6_control_alive(control->place->at, control_name(control).text);
}

bool control_is_delivered(const struct control *control)
{
        return !control->errand;
}

static void errand_drop(void *owner)
{
        struct errand *errand = owner;

        if (--errand->users == 0)
                free(errand);
}

static void errand_end(struct errand *errand)
{
        errand->control->errand = NULL;
        errand->control = NULL;
        timer_close(&errand->again, errand_drop);
        errand_drop(errand);
}

static void errand_deliver(struct errand *errand)
{
        struct control *control = errand->control;

        errand_end(errand);
        control->place->delivered(control);
}

/* Tries the signal again after a pause, which doubles each time, up to most_msec. */
static void errand_later(struct errand *errand, int64_t most_msec)
{
        timer_start(&errand->again, (uint64_t)errand->pause_msec);
        if (errand->pause_msec < most_msec)
                errand->pause_msec *= 2;
}

static void job_work(struct deputy_job *job)
{
        struct signal_job *own = (struct signal_job *)job;

        own->result = run_signal_send(&own->mark, own->uid, own->signals, own->count);
}

static void job_done(struct deputy_job *job, bool late)
{
        struct signal_job *own = (struct signal_job *)job;
        struct errand *errand = own->errand;

        if (!errand || !errand->control)
                return;
        errand->busy = false;
        if (!late && own->result != RUN_NOT_YET)
                errand_deliver(errand);
        else
                errand_later(errand, CONTROL_PAUSE_MOST_MSEC);
}

static void job_drop(struct deputy_job *job)
{
        struct signal_job *own = (struct signal_job *)job;

        if (own->errand)
                errand_drop(own->errand);
        free(own);
}

static int run_job(const struct control *control, const struct s6_status *run, const int *signals,
                   size_t count, struct errand *errand)
{
        const struct control_place *place = control->place;
        struct signal_job *own = calloc(1, sizeof(*own));
        int result = own ? run_mark(place->at, control_name(control).text, run, &own->mark) : -ENOMEM;

        if (result) {
                free(own);
                return result;
        }
        own->uid = place->deputy->crew.uid;
        own->errand = errand;
        if (errand)
                errand->users++;
        memcpy(own->signals, signals, count * sizeof(*signals));
        own->count = count;
        own->job = (struct deputy_job){
                .work = job_work,
                .done = job_done,
                .drop = job_drop,
                .timeout_msec = CONTROL_SIGNAL_MSEC,
                .lane = place->lane,
        };
        deputy_run(place->deputy, &own->job);
        return 0;
}

/* Tries to send the signal. 0: it is on its way, or will be tried again; -ESRCH: the run is over. */
static int errand_try(struct errand *errand)
{
        int result = run_job(errand->control, &errand->run, errand_rows[errand->kind].signals,
                             errand_rows[errand->kind].count, errand);

        if (result == -ESRCH)
                return result;
        errand->busy = result == 0;
        if (result) /* something is short: that may be over at any moment */
                errand_later(errand, CONTROL_PAUSE_SHORT_MSEC);
        return 0;
}

static void errand_expired(void *owner)
{
        struct errand *errand = owner;

        if (errand->control && errand_try(errand))
                errand_deliver(errand);
}

/* What s6-supervise does for these letters: of those that end a run, `d` alone continues a stopped one. */
static enum errand_kind errand_of(const char *letters)
{
        if (strchr(letters, 'k'))
                return ERRAND_KILL;
        if (strchr(letters, 'd'))
                return ERRAND_CONTINUE;
        if (!strpbrk(letters, "tr"))
                return ERRAND_NONE;
        return strchr(letters, 'c') ? ERRAND_CONTINUE : ERRAND_TERM;
}

static void errand_begin(struct control *control, enum errand_kind kind, const struct s6_status *run)
{
        struct errand *errand;

        /* A TERM that is under way already is not sent twice, unless what comes now does more. */
        if (kind == ERRAND_NONE || !s6_status_is_alive(run) ||
            (control->errand && control->errand->kind >= kind))
                return;
        if (control->errand)
                errand_end(control->errand);
        errand = calloc(1, sizeof(*errand));
        if (!errand) { /* tried once, at least */
                run_job(control, run, errand_rows[kind].signals, errand_rows[kind].count, NULL);
                return;
        }
        *errand = (struct errand){
                .control = control, .users = 2, .kind = kind, .run = *run, .pause_msec = CONTROL_PAUSE_MSEC};
        timer_init(&errand->again, control->place->loop, errand_expired, errand);
        control->errand = errand;
        if (errand_try(errand))
                errand_end(errand);
}

/* Signals that no errand sends are sent once: a gateway that is not there yet has nothing to do with them. */
static void send_once(const struct control *control, const char *letters, enum errand_kind kind,
                      const struct s6_status *run)
{
        for (; *letters; letters++) {
                const struct signal_row *row = signals_of_letter(*letters);

                if (row && row->number != SIGTERM && row->number != SIGKILL &&
                    (row->number != SIGCONT || kind != ERRAND_CONTINUE))
                        run_job(control, run, &row->number, 1, NULL);
        }
}

int control_send(struct control *control, const char *letters, const struct s6_status *run)
{
        const struct control_name name = control_name(control);
        enum errand_kind kind = errand_of(letters);
        bool read = s6_control_unread(control->place->at, name.text) == 0;
        int result = s6_control_send(control->place->at, name.text, letters);

        if (result)
                return result;
        if (read || !control->sent_msec)
                control->sent_msec = clock_msec();
        if (!control->place->deputy)
                return 0;
        errand_begin(control, kind, run);
        send_once(control, letters, kind, run);
        return 0;
}

void control_follow(struct control *control, const struct s6_status *run)
{
        struct errand *errand = control->errand;

        if (errand && (!s6_status_is_alive(run) || run->pid != errand->run.pid ||
                       run->since_usec != errand->run.since_usec))
                errand_deliver(errand);
}

bool control_is_unread(const struct control *control, int64_t msec)
{
        return clock_msec() - control->sent_msec >= msec &&
               s6_control_unread(control->place->at, control_name(control).text) > 0;
}

void control_close(struct control *control)
{
        if (control->errand)
                errand_end(control->errand);
}
