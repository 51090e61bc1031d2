/* SPDX-License-Identifier: ISC */
#ifndef DAEMON_BOUNDS_H
#define DAEMON_BOUNDS_H

/*
 * Every limit and time of the daemon that no client meets as a named bound, with its unit and its reason.
 * What a client can meet is in proto/limits.h.
 */

#include "proto/limits.h"

/* The process. */
/* Budgets of the log for what others than root can cause; lines over them are only counted, in a later line.
 * All together replace the five megabytes of kept log within an hour, and root's changes are kept apart. */
#define LOG_BURST_BYTES (32 * 1024)    /* of one budget at once */
#define LOG_CALLS_BYTES_PER_SECOND 256 /* audit lines of a uid; refusals of a uid */
#define LOG_EVENTS_BYTES_PER_SECOND 64 /* lines of one subject */
#define LOG_HELD_BYTES 2048            /* regained by a used-up budget before its count and lines go out */
#define LOG_KEPT_LINES 16              /* of root's changes, while standard error is full */
#define LOG_LINE_BYTES 512             /* of a line: far below what a pipe takes in one piece */
#define LOG_SUBJECTS 16                /* with a budget of their own; the last budget is for all others */
#define LOG_SETTLE_MSEC 2000           /* between two looks for a count that is to be told */

/* Options that may be given more than once. */
#define OPTIONS_STATIC_MOST 32
#define OPTIONS_FALLBACKS_MOST 8

/* Descriptors that are not connections: some thirty that are open all the time, and those that a Diagnose,
 * and as many threads as there can be, have open for a moment. */
#define FILES_OWN 160
/* The least of these, where the container allows too few, and connections have the other half at most. */
#define FILES_OWN_LEAST 40
/* The least limit to start with: FILES_OWN_LEAST, root's places, and some for others. */
#define FILES_LEAST (FILES_OWN_LEAST + 16)

/* A broker whose loop stands for so long is killed (--watchdog-msec): a probe waits 5 s, a deputy 2 s. */
#define WATCHDOG_MSEC 10000
/* How often the watchdog looks within that time, while the loop is at work. */
#define WATCHDOG_LOOKS 10
/* Of the watchdog's thread, which calls nothing deep. */
#define WATCHDOG_STACK_BYTES (64 * 1024)

/* The operating system, as edge/ and loop/ meet it. */
#define PROC_COMM_BYTES 18     /* of /proc/PID/comm: fifteen bytes and a newline; no process has more */
#define PROC_STAT_BYTES 1024   /* of /proc/PID/stat: a command's name, and two dozen numbers */
#define PROC_STATUS_BYTES 4096 /* of /proc/PID/status, whose lines that matter come first */
#define PROC_LINE_BYTES 256    /* of one of these lines, as far as it is looked at */
#define CGROUP_LINE_BYTES 4096 /* of a line of /proc/self/cgroup and mountinfo: a path, and more */
#define CGROUP_PATH_BYTES 512  /* of a group's directory, as far as people are told */
#define ROOT_GROUP_FIRST 64    /* groups of the client user's that there is room for, at first */
#define ROOT_GROUP_MOST 65536  /* and at most: the kernel lets no process have more */
#define AUDIT_LINKS 40         /* followed on the way to a path, as the kernel follows no more */
#define LOCK_TRIES 8           /* a try is lost only to a broker that starts or ends at that very moment */
#define WATCH_EVENTS_BYTES (16 * 1024) /* of one read from inotify: an event with the longest name has 272 */
#define WATCH_READS 64                 /* at once: as many as a full queue takes (16384 events of 32 bytes) */
#define WORKER_STACK_BYTES                                                                                   \
        (512 * 1024)  /* of a deputy's thread: nothing recurses, but sanitizers' frames are large */
#define STALL_MSEC 20 /* a call that sleeps in the loop, where none may, is interrupted so often */

/* s6. */
#define S6_PATH_BYTES 512      /* of a path in a service directory, from the directory of all of them */
#define S6_LETTERS 64          /* of one order: far below PIPE_BUF, so it goes in whole or not at all */
#define S6_DEATHS 128          /* of a death tally, looked at one by one: s6 keeps 100 */
#define SVSCAN_TEXT_BYTES 4096 /* of its command line, and of its limits */
#define GROUPS_NOTED 16        /* process groups of one slot that a killed supervisor left */
#define SLOT_GROUPS_BYTES 4096 /* of that note, which a slot that is made anew keeps */
#define GROUPS_AGAIN_MSEC 20   /* between two looks whether such groups are gone */
#define TREE_DEPTH 16 /* of what is removed or walked: far deeper than a slot; each holds a descriptor */
#define SETTINGS_LINE_BYTES 4096 /* of a line of the settings, which are shell */
#define TEMPLATE_DEPTH 4         /* of what is copied: log/ and data/; more than a few levels are a mistake */
#define COPY_BYTES (16 * 1024)   /* copied at once */
/* Inodes of a template whose files slots share, and bytes of a path in it; a larger template is copied. */
#define MASTER_ENTRIES 48
#define MASTER_PATH_BYTES 64

/* The command line of an s6-supervise; the first of its words may be a path of s6's own. */
#define STRAY_WORDS_BYTES 1024

/* Sessions. */
#define READY_TURN_USEC 1000 /* of a turn of the loop, for the steps of one of three queues: loop/ready.h */

/* What one connection may do in its turn, and one listener in a turn of the loop, before the others have theirs. */
#define PEER_READS_PER_TURN 4
#define PEER_CALLS_PER_TURN LIMIT_PIPELINED_CALLS
#define LISTENER_ACCEPTS_PER_TURN 16
#define LISTENER_PAUSE_MSEC 100 /* until it accepts again, where descriptors or memory are short */
/* Sent at once: each is a call, and wakes the peer. But the kernel counts one as read only when all of it was:
 * larger ones, as it makes by itself, and a peer that reads 2 KiB a second would seem not to read. */
#define PEER_SEND_BYTES (32 * 1024)
#define PEER_OUTPUT_KEPT_BYTES 4096  /* of an output's memory between replies */
#define WATCH_PUMP_BYTES (64 * 1024) /* of events at once; more when the reader has taken them */
#define PIECE_BYTES (64 * 1024) /* of a piece of a reply, which ends with the entry that goes over this */
#define LIST_KEPT_BYTES (512 * 1024) /* of a reply of List, kept for whoever asks next; longer ones are not */
#define HEALTH_BYTES (LIMIT_OUTPUT_BYTES / 4) /* of the problems of services, where all are one reply */
#define REPLY_MESSAGE_BYTES 64                /* what a message takes beside its parameters */
#define REPLY_LEFT_OUT_BYTES 128 /* the end of a reply: how many outcomes or actions were left out */
#define WATCH_NAME_BYTES 32      /* that a name takes beside its own: malloc's share, and the pointer to it */
#define ACCESS_GROUPS_MOST 256   /* a user in more groups than that is no observer */
#define MEMORY_CHECK_MSEC 1000   /* until Health looks at the container's memory again */
#define COUNTS_METHODS_MOST 48   /* methods that are counted, each by itself */
#define COUNTS_CAUSES_MOST 64    /* causes of refusals that are counted, all of which are names of ours */
/* What Health or Diagnose tells in one line. */
#define FINDINGS_LISTED_MOST 5  /* told by name; the others are a number */
#define FINDINGS_TEXT_BYTES 640 /* of the names; with the number: */
#define FINDINGS_LINE_BYTES (FINDINGS_TEXT_BYTES + 32)
#define PLACES_LINE_BYTES 512
/* A script's interpreter may be a script, too; the kernel goes as far. */
#define DIAGNOSE_INTERPRETERS_MOST 5
#define DIAGNOSE_SOUND_MOST 8       /* interpreters, and files that slots share: looked into once for all */
#define DIAGNOSE_CLOCK_USEC 5000000 /* a stamp this far ahead of the clock is no matter of rounding */
/* When the broker is told to end, calls under way may take so long to end. */
#define SERVER_DRAIN_MSEC 3000
/* A Diagnose is made in slices, each a step of the ready queue, between which everybody else has a turn. */
#define DIAGNOSE_PAUSE_MSEC 1     /* between two slices */
#define DIAGNOSE_IDLE_MSEC 10     /* the same, where a step waits for others */
#define DIAGNOSE_VOLUME_MSEC 2000 /* until the volume is late */

/* Until a socket's file that is gone is made anew: its directory may still be being moved or removed. */
#define MENDER_MSEC 200

/* Closing of sockets whose queue may hold descriptors (loop/closer.h). */
#define CLOSER_THREADS 4               /* one that sleeps keeps no other from closing */
#define CLOSER_STACK_BYTES (64 * 1024) /* of each */
#define CLOSER_WAKE_USEC 100 /* a close that sleeps is woken so often: as long as a hostile one costs */
#define CLOSER_PENDING 512 /* descriptors that wait to be closed; over it nothing is accepted for a moment */
#define CLOSER_PENDING_FEW 8 /* the same where the process may have few */
#define CLOSER_RING 1024     /* places for them: all that the process may have */

/* Clients that are gone while calls they sent whole are done: they take no place, and wait for nothing. */
#define GONE_CLIENTS 64     /* over it their calls are dropped */
#define GONE_CLIENTS_ROOT 8 /* of those, kept for root's */
#define GONE_MSEC                                                                                            \
        10000 /* a call that is not begun by then is dropped: a register may take so long, a removal longer */

/* Slots. */
#define UNLINK_AGAIN_MSEC 1000  /* until a link that could not be removed is tried again */
#define NOTED_BYTES (16 * 1024) /* of names that came or went; over it the whole directory is looked at */

/* Orders. */
#define ORDER_BATCHES_AT_ONCE 2   /* of one order; more where the volume writes as many names together */
#define ORDER_NAMES_MOST 1024     /* under way in all, root's not counted; over it further orders wait */
#define ORDER_NAMES_WAIT_MSEC 100 /* until an order that waits so is looked at again */
#define ORDER_NAMES_PER_BATCH 32  /* written to the volume with one sync, for which root's may have to wait */
#define ORDER_BYTES_PER_BATCH                                                                                \
        (256 * 1024) /* of variables: with so many a batch is full, and two are within what may wait */
/* An order that does not wait is done when its outcomes are told; a reader that does not take them has so
 * long, all pauses together, and is told of the rest later. */
#define ORDER_READER_MSEC 5000
/* An order that lacks a descriptor for a slot's record tries again for so long, after such pauses. */
#define ORDER_SHORTAGE_MSEC 2000
#define ORDER_SHORTAGE_PAUSE_MSEC 20
#define ORDER_REPEATED_MSEC 5000 /* within which a repeated order need not be carried out again */

/* Slots and the services directory. */
#define STATE_BYTES_MAX 4096 /* bytes of data/state: one page, which a slot has twice from the beginning */
/* The file system of the services directory, where slots, and what s6 writes in them, have their place. */
#define ROOM_RESERVED_BYTES (1024 * 1024) /* bytes: with fewer left nothing is registered */
#define ROOM_RESERVED_INODES 256          /* inodes: the same; a slot takes about thirty */
#define ROOM_RESERVED_SHARE 8             /* of a small file system: this part of the whole */
#define ROOM_LOW_BYTES (2 * 1024 * 1024)  /* bytes: with fewer left Health says so */
#define ROOM_LOW_INODES 512               /* inodes: the same */
#define ROOM_LOW_SHARE 4                  /* of a small file system: this part of the whole */
/* Files that the broker holds, and lets go when the rest is gone: s6-supervise writes a new status file for
 * each change, or nobody sees the change. Each supervisor writes one at a time, for an instant. */
#define BALLAST_FILES 4                /* inodes, and descriptors of the broker */
#define BALLAST_FILE_BYTES (64 * 1024) /* bytes of each */
#define BALLAST_ROOM_BYTES (64 * 1024) /* bytes: the files are let go when fewer are left */
#define BALLAST_ROOM_INODES 16         /* inodes: the same */

/* How slots come and go. */
/* A register waits so long since s6-svscan last began any supervisor, as many at once on a busy machine take
 * their time; in all it waits for the second time at most. */
#define REGISTER_MSEC 10000
#define REGISTER_MOST_MSEC 60000
/* An s6-svscan that has not begun a supervisor for this long is not about to: removals go on. No slot keeps
 * them waiting for longer than the second time: there may be something wrong with that slot. */
#define PUBLICATION_QUIET_MSEC 1000
#define PUBLICATION_MOST_MSEC 5000
/* KILL is repeated, since a new run may have begun; those who wait are told when KILL does not help. */
#define KILL_AGAIN_MSEC 500
#define KILL_GIVE_UP_MSEC 5000
/* Between two looks while supervisors end, for what inotify cannot tell. */
#define LEAVE_LOOK_MSEC 100
/* A supervisor that s6-svscan did not end is told to; a logger whose pipe is kept open by a process that left
 * the gateway's session is killed after the second; after the third those who wait are told that it lasts. */
#define LEAVE_TELL_MSEC 1000
#define LEAVE_KILL_LOGGER_MSEC 3000
#define LEAVE_GIVE_UP_MSEC 10000
/* A look for the processes that a gateway left behind may take so long. */
#define SWEEP_MSEC 1500
/* Files of a slot that could not be removed are tried again after this. */
#define REMOVE_AGAIN_MSEC 2000

/* Services and what is watched. */

/* What could not be seen or done for a reason that may pass is tried again after this, doubling up to the
 * second: soon enough that nobody notices one failure, seldom enough that a machine short of everything is
 * not kept busy with it. */
#define AGAIN_FIRST_MSEC 100
#define AGAIN_MOST_MSEC 5000

/* What inotify does not tell of is looked at so often; so many services in one turn of the loop (2 to 4 ms),
 * and the next turn after a pause for everybody else. */
#define POLL_MSEC 1000
#define POLL_SERVICES 64
#define POLL_SLICE_MSEC 20

/* As long as a gateway has no s6-supervise, s6-svscan is told to look that often: its directory may be back. */
#define RESCAN_MSEC 5000
/* An order to s6-svscan that could not be given is given again after this. */
#define RESCAN_AGAIN_MSEC 1000

/* A gateway or a logger that has had no s6-supervise for so long, while s6-svscan looked again and again,
 * will not be started by looking: judge/revival.h says what is done then. Between tries is a pause that
 * doubles up to the most: each may cost s6-svscan of s6 2.13 two of its places. */
#define REVIVAL_FIRST_MSEC 12000
#define REVIVAL_MOST_MSEC 3600000
#define REVIVAL_AT_ONCE 4 /* tries in one look at all, each some hundred system calls */
/* A logger that ends so often at its input's end, each within this, has no pipe; one that runs longer has. */
#define LOG_PIPE_ENDS 3
#define LOG_PIPE_RUN_MSEC 10000
/* An order that could not be given, or a `u` that shows no effect, is sent again after this. */
#define SEND_AGAIN_MSEC 500
/* A single run of the soft brake that has not begun by then never will: s6-supervise tries only once. */
#define BRAKE_TRY_MSEC 5000

/* Between tries to signal in s6-supervise's place, doubling: soon, for a run about to drop its privileges;
 * seldom, for a static service that keeps them, which s6-supervise can signal. A try may take the last. */
#define CONTROL_PAUSE_MSEC 20
#define CONTROL_PAUSE_MOST_MSEC 10000
#define CONTROL_PAUSE_SHORT_MSEC 320 /* the most where no signal could be tried, for want of a descriptor */
#define CONTROL_SIGNAL_MSEC 2000

/* A finish script that runs for longer than this hangs: s6 itself ends one after 5 s, unless timeout-finish
 * says otherwise. */
#define FINISHING_MSEC 10000

/* An order that lies in an s6-supervise's FIFO for longer than this is not read: an s6-supervise that works
 * reads it at once. */
#define UNREAD_MSEC 2000

/* A static service that ends by itself so often within this keeps ending: as the dashboard's brake has it. */
#define STATIC_ENDS 3
#define STATIC_ENDS_MSEC 60000
/* A step may take so long, until it is a problem (--process-msec, --ready-msec, --ending-msec). */
#define STEP_PROCESS_MSEC 10000 /* wanted, and without a process: s6 waits a second, and starts at once */
#define STEP_READY_MSEC 30000   /* with a process that does not count as up, beside --settle-msec */
#define STEP_END_MSEC 180000    /* told to end: a gateway may drain for minutes */

/* A process that is stopped, or whose end s6-supervise does not see, is told of once it was seen so for this
 * long: an s6-supervise that works sees an end at once. */
#define HALT_MSEC 2000
/* When somebody asks for all services, their processes are looked at, at most so often: 8 usec each, two of a
 * gateway. So many services are at once, the others in later turns of the loop, as with POLL_SERVICES. */
#define HALT_LOOK_MSEC 1000
#define HALT_SERVICES 64
#define HALT_LOOK_ONE_MSEC 100 /* the same for one service that is asked for: four system calls a process */

/* Processes that a Diagnose looks at in one step: two system calls each. */
#define DIAGNOSE_PROCESSES 64
/* With less of the container's memory left, or less than this part of it, Diagnose says so. */
#define MEMORY_GROUP_LOW_BYTES (16 * 1024 * 1024) /* bytes */
#define MEMORY_GROUP_LOW_SHARE 16
/* Looks whether a gateway and its logger hold their locks (service/locks.h): the first after this, then less
 * and less often, for as long as something is wrong. */
#define LOCKS_FIRST_MSEC 250
#define LOCKS_AGAIN_MSEC 30000
#define LOCKS_LOOKS 6 /* that are enough for a gateway: the last one comes when LOCKS_GRACE_MSEC are over */
#define LOCKS_GRACE_MSEC 15000 /* scripts may take so long until they have a lock, on a machine under load */
#define LOCKS_TRY_MSEC                                                                                       \
        60000 /* between two ends of a logger that does not use its directory, though it could by now */
#define LOCKS_LOOK_MSEC 2000 /* a look may take so long */

/* Starts that nobody waits for, as after a boot: so many at once (--start-at-once). */
#define STAGGER_AT_ONCE 8

/* The volume, and the threads that look at it. */
#define VOLUME_FILE_BYTES (64 * 1024)      /* of one file that is read or written */
#define VOLUME_BOOT_LOG_BYTES (256 * 1024) /* docs/contract.md: at this size it becomes .1 */
#define VOLUME_LOW_BYTES (4 * 1024 * 1024) /* bytes: with fewer left Health says so */
#define VOLUME_LOW_INODES 64               /* inodes: the same */
#define VOLUME_LOW_SHARE 16                /* of a small one: this part of the whole */
#define VOLUME_ROOM_MSEC 2000              /* until its room is looked at again, when somebody asks */
#define SWEEP_ENTRIES_MAX 10000            /* names looked at in a directory, for what a killed broker left */
#define STORE_CLOCK_USEC 20000 /* by which a file's time may be behind the clock: the kernel's ticks */

/* Jobs of one lane that may hang, each in a thread of its own; the last such thread is not replaced. So many
 * profiles whose directories hang cost nobody else anything. */
#define DEPUTY_LOST_MOST 6
/* Threads of one deputy: for four lanes, what hangs and the one that goes on; and for the history's, which may lose one. */
#define DEPUTY_WORKERS_MOST 30
/* Threads replaced because the client user changed their scheduling; further ones are used all the same. */
#define DEPUTY_SPOILED_MOST 8
/* Until a thread that could not be made (a limit on processes) is tried again. */
#define DEPUTY_THREAD_AGAIN_MSEC 200
/* Threads that are there from the start, so that no limit on processes keeps the first ones from being made: for records,
 * for what is looked at meanwhile, for the history, and one for when a job hangs; for signals, and for what a killed supervisor
 * left. */
#define STORE_THREADS 4
#define PROCESS_THREADS 2
/* A waiting job is judged later by so much at most, so as not to be judged before the job under way. */
#define DEPUTY_VERDICT_MSEC 100
/* How long the end of the process waits for jobs under way, and how often it looks. */
#define DEPUTY_END_MSEC 2000
#define DEPUTY_END_LOOK_MSEC 1

/* A look at one profile's directory may take so long; then the profile is left out, and named. */
#define SURVEY_PROFILE_MSEC 2000
/* The list of all profiles, and a look at the few that an order names, may take so long. */
#define SURVEY_MSEC 4000
/* All profiles together may take so long, on a volume where each is slow: the remaining ones are left out. */
#define SURVEY_ALL_MSEC 60000
/* Steps to the directory that a link in profiles/ leads to, below the volume. */
#define VOLUME_ENTER_STEPS 128
/* Records of profiles that are not there, told of by name; the others as a number. */
#define SURVEY_LOST 64
/* After a change profiles/ is looked at after this pause, which doubles with each look that finds nothing, up
 * to the most, and is short again after a minute without a change. */
#define PROFILES_PAUSE_MSEC 1000
#define PROFILES_PAUSE_MOST_MSEC 30000
/* Looks after the last change, the first after this, each next after twice as long: SOUL.md may be late. */
#define PROFILES_TRIES 6
#define PROFILES_TRY_MSEC 1000
/* That minute without a change; and between two looks where inotify does not tell of all changes. */
#define PROFILES_MINUTE_MSEC 60000
/* What is read of inotify's queue at once, bytes and reads: all that it holds of events with short names. */
#define PROFILES_READ_BYTES 16384
#define PROFILES_READS 32
#define FORGOTTEN_MOST 1024 /* unregistered profiles that are remembered while the volume is looked at */
/* Profiles whose gateway a person took away, and whose directories stay; over it, the gateways come back that
 * were taken away last. */
#define PROFILES_AWAY_MOST 256
/* In the application's config.yaml: mappings that are looked at for the setting, those merged and places of
 * merged lists included; and how deep the file may be (the parser takes a minute for 64 KiB of brackets). */
#define CONFIG_MERGES 1000
#define CONFIG_DEPTH 500
#define CONFIG_ANCHORS 1000 /* each is compared with all anchors before it */
/* Exits 75 that are free: so many within that time, in seconds, as the template's finish has it. */
#define RESTARTS_FREE 10
#define RESTARTS_SECONDS 3600

/* Directories below profiles/ that are looked at; s6-svscan takes far fewer. */
#define SURVEY_PROFILES 10000
/* Slots of what is down that a boot makes at once, after what is wanted: s6-svscan scans for each wave. */
#define BOOT_WAVE 64
/* What could not be made at boot is tried again after this, doubling up to the second. */
#define BOOT_AGAIN_FIRST_MSEC 10000
#define BOOT_AGAIN_MOST_MSEC 300000
/* Profiles whose directory did not answer at boot are looked at again after this. */
#define RECONCILE_HUNG_AGAIN_MSEC 10000

/* What could not be written to the volume is tried again after this, so many records at once. */
#define PERSIST_AGAIN_MSEC 5000
#define PERSIST_AT_ONCE 64
/* Records of unregistered gateways that could not be removed from the volume, and still are to be. */
#define OWED_MOST 256

/* What a broker of a higher minor version may have written in an intent, or in a slot's state, and this one
 * passes on as it is (judge/members.h). Over these the file is no broker's. */
#define INTENT_UNKNOWN_BYTES 2048 /* bytes of the unknown members of one intent, together */
#define STORE_UNKNOWN_BYTES (PERSIST_AT_ONCE * INTENT_UNKNOWN_BYTES) /* of one batch */
#define STATE_UNKNOWN_BYTES 512 /* the same of one slot's state, which has STATE_BYTES_MAX in all */
#define MEMBERS_MOST 128        /* members of such a file, known or not */
#define MEMBERS_DEPTH 8         /* objects and arrays inside each other, the file included */

/* Batches that wait for the volume, or are being written; over it a batch is refused (-ENOBUFS), but never
 * the only one. Those of root's orders have a share of their own, which nobody else can take. */
#define STORE_QUEUE_BYTES (2560 * 1024)
#define STORE_QUEUE_ROOT_BYTES (1536 * 1024)
/* What is passed on joins a batch only later: two batches of each share, in buffers up to twice as large. */
#define STORE_UNKNOWN_QUEUE_BYTES (4 * STORE_UNKNOWN_BYTES)

/* The volume, once more: its batches, and the application's files. */
#define STORE_MSEC 2000 /* a batch of records on the volume is late after this */
/* Batches that wait are written together, with one pair of syncs: as many names as can be read in this time
 * at the last batch's pace. Writing takes some four times as long; the rest of STORE_MSEC is the syncs'. */
#define STORE_TOGETHER_MSEC 125
#define STORE_TOGETHER_LEAST ORDER_NAMES_PER_BATCH
#define STORE_TOGETHER_MOST 512
#define FOREIGN_DEPTH 32          /* objects and arrays inside each other, in a file of the application's */
#define RECONCILE_AGAIN_MSEC 5000 /* a volume that did not answer at boot is asked again after this */

/* Whatever may be registered can be read again at the next boot. */
_Static_assert(LIMIT_SURVEY_BYTES >= LIMIT_ENVIRONMENT_TOTAL_BYTES, "a look at all reads what all may have");

/* What happened (judge/past.h). */
#define PAST_SERVICE_BYTES (16 * 1024) /* of one service: some sixty events */
#define PAST_BYTES (1536 * 1024)       /* of all: some six thousand */
#define PAST_EVENT_BYTES 32            /* malloc's share of one */
#define SLOT_HISTORY_BYTES (4 * 1024)  /* of the newer of a slot's two files, which then becomes the older */
#define SLOT_HISTORY_WRITE_BYTES (4 * 1024) /* at once: the line that goes over a quarter of it is the last */
#define PAST_FILE_BYTES (28 * 1024) /* of a gateway's newer file on the volume: with a write more, 32 KiB */
#define PAST_WRITE_BYTES 1024       /* of one gateway at once: the line that goes over it is the last */
#define PAST_LOOK_BYTES (16 * 1024) /* of one gateway, read when the broker is started */
#define PAST_LINES_LOOKED 128    /* the last lines of these: more than have a place in PAST_SERVICE_BYTES */
#define PAST_PARTS 16            /* gateways of one job */
#define HISTORY_VOLUME_MSEC 1000 /* between two jobs, and until what happened is written */
#define EVENT_PROCESS_BYTES 46   /* of a process's name: fifteen bytes, each as %XX at worst */
#define HISTORY_EVENT_BYTES 64   /* of an event in a reply, beside its line and its name */
#define EVENT_DEPTH 3            /* objects and arrays inside each other, in a line */

/* Memory: what all of these, and those of proto/limits.h, admit together. daemon/memory.c holds the structs against it. */

/* The process with 10 services, its libraries' share and its threads' stacks included; and what malloc holds in between. */
#define MEMORY_PROCESS_BYTES (2 * 1024 * 1024)
/* A call that is carried out: a reply, and its place in the output, each in a buffer up to twice as large. */
#define MEMORY_CALL_BYTES (4 * LIMIT_OUTPUT_BYTES)
/* A connection, without its buffers. */
#define MEMORY_PEER_BYTES 1024
#define MEMORY_PEERS (LIMIT_CONNECTIONS + LIMIT_CONNECTIONS_DENIED + GONE_CLIENTS)
/* A service with its runs and its description; as many as s6-svscan has by default; and a removed service. */
#define MEMORY_SERVICE_BYTES (4 * 1024 + 768)
#define MEMORY_SERVICES 1000
#define MEMORY_REMOVED_BYTES (2 * 1024)
/* A name of an order under way: its entry, and what the volume is asked about it. One more order may come in than there is
 * room for; and root's. */
#define MEMORY_ORDER_NAME_BYTES 992
#define MEMORY_ORDER_NAMES (ORDER_NAMES_MOST + 2 * LIMIT_NAMES_PER_CALL)
/* A profile's directory, as a look at all finds it, and what is answered about it. */
#define MEMORY_PROFILE_BYTES 1680

/* From this size on malloc gives a freed buffer back to the kernel, and it keeps no more than that at the end
 * of its heap. A reply of a thousand services is smaller: as a mapping of its own it took twice as long. */
#define MEMORY_KEPT_BYTES (1024 * 1024)
#define MEMORY_SETTLE_MSEC 10000 /* after a boot, what it and the looks behind it took is given back */

/* The sum. */
#define MEMORY_SUM_BYTES                                                                                     \
        (MEMORY_PROCESS_BYTES + MEMORY_KEPT_BYTES + LIST_KEPT_BYTES + LIMIT_MEMORY_BYTES +                   \
         LIMIT_MEMORY_ROOT_BYTES + MEMORY_CALL_BYTES + MEMORY_PEERS * MEMORY_PEER_BYTES +                    \
         MEMORY_SERVICES * MEMORY_SERVICE_BYTES + LIMIT_REMOVED_EVENTS * MEMORY_REMOVED_BYTES +              \
         LIMIT_SURVEY_BYTES + SURVEY_PROFILES * MEMORY_PROFILE_BYTES + STORE_QUEUE_BYTES +                   \
         STORE_QUEUE_ROOT_BYTES + STORE_UNKNOWN_QUEUE_BYTES + MEMORY_ORDER_NAMES * MEMORY_ORDER_NAME_BYTES + \
         PAST_BYTES + PAST_PARTS * 2 * PAST_LOOK_BYTES)
/* What the daemon may take in all. Sixteen MiB of it are for a look at SURVEY_PROFILES directories. */
#define MEMORY_BYTES (51 * 1024 * 1024)
_Static_assert(MEMORY_SUM_BYTES <= MEMORY_BYTES,
               "what all bounds admit together is within what the daemon may take");

#endif
