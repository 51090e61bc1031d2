/* SPDX-License-Identifier: ISC */
#ifndef SIMULATION_S6_INNER_H
#define SIMULATION_S6_INNER_H

#include <limits.h>

#include "s6.h"

/* What the files of the world of s6 share. All of it is in the arena, but for descriptors, which are opened in each life. */

#define S6_TASKS 512
#define S6_SUPERVISES 96
#define S6_ENTRIES 1000
#define S6_NAME_BYTES 64
#define S6_FIFO_BYTES 65536
#define S6_SERVICES 64
#define S6_NOTED 16 /* groups of a note */
#define S6_CRASHES 16
#define S6_ENDS 16

#define MSEC INT64_C(1000)
#define SEC INT64_C(1000000)

enum task_kind {
        TASK_FREE,
        TASK_SVSCAN,
        TASK_SUPERVISE,
        TASK_GATEWAY, /* run, gateway, hermes: one process, by exec */
        TASK_STATIC,
        TASK_LOGGER,
        TASK_FINISH,
        TASK_CHILD, /* what a gateway left in its group */
};

enum task_phase {
        PHASE_PRELUDE, /* run, as root */
        PHASE_SWEEPS,  /* as the client user: an earlier group is ended */
        PHASE_ENTERS,  /* the volume, its lock */
        PHASE_RUNS,
        PHASE_DRAINS, /* it was told to end */
};

struct file_id {
        dev_t device;
        ino_t inode; /* 0: none */
};

struct group_note {
        pid_t pid;
        uint64_t start;
};

struct task {
        pid_t pid, parent, group;
        uint64_t start; /* ticks since the machine's */
        enum task_kind kind;
        enum task_phase phase;
        int service;   /* index; -1: none */
        bool log;      /* of the service's logger */
        int supervise; /* index of who began it, or which it is; -1 */
        unsigned pipe; /* number of the one between a gateway and its logger that it has an end of; 0: none */
        bool root;     /* it has not dropped its rights yet */
        bool stopped, zombie, dirty;
        bool ordered; /* its s6-supervise was told to end it */
        int wait_status;
        unsigned signals; /* that came while it was stopped: bits */
        int64_t due_usec; /* of its next deed */
        int64_t end_usec; /* of its run, or of a sweep's patience */
        struct file_id lock;
        struct s6_run run;
        int code, number; /* of finish: what it was told */
        bool kills;       /* a sweep is past its patience */
        struct group_note earlier[S6_NOTED];
        unsigned earlier_count;
};

enum supervise_state {
        SUPERVISE_FREE,
        SUPERVISE_BOOT,  /* chdir, directories, lock */
        SUPERVISE_BOOT2, /* the FIFO and the tally */
        SUPERVISE_BOOT3, /* the first status */
        SUPERVISE_DOWN,
        SUPERVISE_UP,
        SUPERVISE_FINISH,
        SUPERVISE_LASTUP,
        SUPERVISE_LASTFINISH,
};

struct supervise {
        enum supervise_state state;
        pid_t pid;
        int service;
        bool log;
        char name[S6_NAME_BYTES + 5];      /* its argument */
        char path[PATH_MAX];               /* of its directory, between two lives */
        bool lost;                         /* that is deleted: nothing in it can be opened again */
        int place, fifo, fifo_write, lock; /* of this life */
        struct file_id lock_id, place_id;
        size_t unread;
        char *letters;         /* what lay in its FIFO at the end of a life */
        int64_t wake_usec;     /* it has something to do, and comes to it then; SIM_NEVER: it sleeps */
        int64_t deadline_usec; /* SIM_NEVER: none */
        int64_t next_usec;     /* its next start; 0: not known */
        bool has_letters, reads, takes_signals, bails;
        bool dying, notified, has_notification;
        unsigned signals; /* bits of enum supervise_signal */
        int64_t since_usec, ready_usec;
        pid_t child, group, ended; /* ended: the run that its finish is of */
        int wait_status;
        bool paused, finishing, wanted, ready;
};

enum supervise_signal { SIGNAL_CHLD = 1, SIGNAL_TERM = 2, SIGNAL_HUP = 4, SIGNAL_QUIT = 8, SIGNAL_INT = 16 };

struct service_known {
        char name[S6_NAME_BYTES];
        const char *profile;      /* within name; NULL */
        struct file_id elsewhere; /* its lock, held by another container */
        struct s6_run plan;
        unsigned planned;  /* runs */
        unsigned unlogged; /* starts of it, while its logger's down file was there */
        unsigned crashes;  /* ends of a gateway's that nobody ordered, and when the last ones were */
        int64_t crash_usec[S6_CRASHES];
        int64_t end_seen_usec; /* when its s6-supervise last saw such an end */
        unsigned unbegun;      /* starts of a gateway's that its s6-supervise could not make */
        unsigned ends;         /* that an s6-supervise of its saw, however they came, and the last of them */
        struct {
                int64_t utc_usec;
                int wait_status;
        } end[S6_ENDS];
};

struct s6_world {
        struct task tasks[S6_TASKS];
        unsigned task_top; /* none is there from here on */
        struct supervise supervises[S6_SUPERVISES];
        struct service_known services[S6_SERVICES];
        unsigned service_count;
        pid_t last_pid;
        uint64_t last_start, births; /* births: of process 1, for its namespace */
        unsigned brake_seconds, brake_deaths, brake_restarts;
        bool proc_is_new;
};
extern struct s6_world *s6;

/* s6.c */
int64_t s6_reaction_usec(void);                     /* until a process that was woken comes to it */
int service_known(const char *name, size_t length); /* found, or made known; "gateway-p1" */

/* task.c */
struct task *task_find(pid_t pid); /* NULL: none; zombies are found */
struct task *task_new(enum task_kind kind, pid_t parent, int service, bool log, int supervise);
void task_end(struct task *process, int wait_status); /* its parent is told; what it held it holds no more */
void task_reap(struct task *process);
void task_signal(struct task *process, int number);
bool task_is_alive(const struct task *process);
bool group_is_alive(pid_t group, bool client_only);
bool note_is_alive(const struct group_note *note);
void group_signal(pid_t group, int number, bool client_only);
void tasks_clear(void);
const char *task_word(const struct task *process);

/* gateway.c: run and gateway of the template, and hermes */
void gateway_begin(struct task *process);
void gateway_step(struct task *process);
void gateway_signal(struct task *process, int number); /* one that it can catch, or that ends it */
void gateway_leave_child(struct task *process);

/* hermes.c: what the application does beside living */
void hermes_record(struct task *process, const char *state,
                   const char *desired); /* desired NULL: as it was */
bool hermes_stop_was_planned(const struct task *process);
bool hermes_plan(const struct task *process,
                 struct s6_run *run); /* as GATEWAY_TEST says; false: it says nothing */

/* logger.c: log/run, log/collect and s6-log */
void logger_begin(struct task *process);
bool logger_has_writers(const struct task *process);
void logger_step(struct task *process);
void logger_signal(struct task *process, int number);

extern int (*finish_judge)(
        struct task *process); /* for tests: how it ends, instead of what the template's says */

/* finish.c: finish and log/finish */
void finish_begin(struct task *process);
void finish_step(struct task *process);

/* script.c: what the scripts read and write */
int script_place(
        const struct task *process); /* a descriptor of the service's directory, to be closed; or -1 */
void script_note(struct task *process,
                 const char *path); /* its own group; what lives of others is its `earlier` */
void script_note_read(struct task *process, const char *path); /* all of it is its `earlier` */
void script_note_empty(struct task *process, const char *path);
/* run and log/run: noted there, it is the client user's from now on, who ends what is left of earlier runs first, and goes in then. */
void script_drop_rights(struct task *process, const char *path, int64_t patience_usec);
/* A step of its beginning; false: it runs. */
bool script_begins(struct task *process, void (*prelude)(struct task *), void (*enter)(struct task *));
void sweep_begin(struct task *process, int64_t patience_usec);
bool sweep_step(struct task *process);             /* true: none is left, or nothing more can be done */
int64_t script_usec(void);                         /* that a script takes for a piece of it */
int volume_directory(const char *path, bool make); /* below the volume; -1 */
bool volume_lock(struct task *process, int directory, const char *name, bool *busy);
bool tally_trips(const struct task *process, unsigned seconds, unsigned deaths,
                 bool (*counts)(unsigned code));

/* proc.c */
void proc_init(void);  /* once */
void proc_boot(void);  /* another process 1 */
void proc_begin(void); /* in each life */
void proc_save(void);
void s6_run_remove(void);
void s6_scan_remove(void);

/* supervise.c */
void supervise_begin(struct supervise *supervise); /* in a life */
void supervise_save(struct supervise *supervise);
struct supervise *supervise_new(pid_t pid, const char *name);
void supervise_gone(struct supervise *supervise); /* its process has ended, in whatever way */
int64_t supervise_due_usec(struct supervise *supervise);
void supervise_step(struct supervise *supervise);
void supervise_signal(struct supervise *supervise, unsigned signal);
bool supervise_is_at_rest(const struct supervise *supervise);
void supervise_notified(struct supervise *supervise);

bool supervise_is_up(const struct supervise *supervise);
void supervise_start(struct supervise *supervise); /* its run, if that can be */
void supervise_want(struct supervise *supervise, bool wanted);
void supervise_bail(struct supervise *supervise); /* it ends when it has read what it was told */
void supervise_child_signal(const struct supervise *supervise, int number);
void supervise_child_pause(struct supervise *supervise, bool paused);
void supervise_child_ended(struct supervise *supervise, int status);

/* supervise_orders.c */
void supervise_take_letter(struct supervise *supervise, char letter);
void supervise_take_signal(struct supervise *supervise, unsigned signal);

/* supervise_files.c */
bool supervise_enter(struct supervise *supervise); /* chdir, directories and lock; false: it ends */
bool supervise_control(struct supervise *supervise);
void supervise_announce(struct supervise *supervise);
void supervise_forget_deaths(struct supervise *supervise);
void supervise_count_death(struct supervise *supervise);
int supervise_read_letter(struct supervise *supervise, char *letter); /* 1, or 0 */
bool supervise_read_number(const struct supervise *supervise, const char *file, unsigned *number);
void supervise_set_down(struct supervise *supervise, bool down);
bool supervise_has(const struct supervise *supervise, const char *file, int mode);

/* svscan.c: what all versions of s6-svscan have in common */
#define ENTRY_NAME_BYTES 260

struct svscan_state {
        unsigned max;                  /* supervisors; 2.11: services */
        int64_t scan_usec, start_usec; /* when it scans, and starts, unless it is told before; SIM_NEVER */
        unsigned what;                 /* enum svscan_what */
        bool scanning, failed;         /* in the middle of a scan */
        unsigned pipes;                /* that it has made */
        unsigned names, at;
        char (*name)[ENTRY_NAME_BYTES]; /* what it has read of the scan directory */
        int64_t wake_usec;
        bool has_letters, reads, stopped;
        struct file_id lock_id;
        size_t unread;
        char *letters;
};
extern struct svscan_state *svscan;

enum svscan_what { KILL_ALL = 1, KILL_INACTIVE = 2, TERM_LOGGERS = 4, REAP = 8, SCAN_FIRST = 16 };

/* What differs by version. */
struct svscan_kind {
        void (*init)(void);  /* once */
        void (*clear)(void); /* another process 1 */
        void (*scan_begin)(void);
        bool (*check)(const char *name); /* false: the scan is given up */
        void (*scan_end)(void);
        void (*start)(void);
        void (*kill)(void);
        void (*ended)(pid_t pid);            /* an s6-supervise of its has ended */
        bool (*holds_pipe)(unsigned number); /* the end that gateways write to */
};
extern const struct svscan_kind svscan_old, svscan_new; /* svscan_old.c: 2.11 */

void svscan_init(void);
void svscan_begin(void);
void svscan_save(void);
void svscan_restart(void); /* another process 1 */
int64_t svscan_due_usec(void);
void svscan_step(void);
void svscan_child_ended(void);
bool svscan_is_at_rest(void);
struct file_id svscan_lock(void);
unsigned svscan_new_pipe(void); /* its number */
bool svscan_holds_pipe(unsigned number);
int svscan_fifo(void);
void svscan_later(int64_t usec); /* a scan, at the latest */
/* The s6-supervise of a name begins, with an end of a pipe (0: with none); its pid. 0: it cannot. */
pid_t svscan_spawn(const char *name, unsigned pipe);
void svscan_kill(pid_t pid, bool term); /* else HUP */
/* Its directory, as stat(2) finds it: 1, 0: it is none, or a negative errno. */
int svscan_stat(const char *name, struct file_id *id);

#endif
