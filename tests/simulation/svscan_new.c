/* SPDX-License-Identifier: ISC */
/*
 * s6-svscan of 2.12 and later. A service and its logger are entries of their own, found by device and inode. A scan that fails at a name is
 * given up: what it has seen for the first time stays in the table, but is not active, and no later scan finds it new; so
 * nothing starts it until something else is to be started. 2.13 forgets no entry that has no process.
 */
#include "s6_inner.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define ENTRIES 1024
#define NAME_MOST 251
#define PIPE_OPEN 0
#define PIPE_NONE (-1)  /* no logged service */
#define PIPE_DEAD (-2)  /* inactive, and its peer is dead */
#define PIPE_AGAIN (-3) /* it is to be scanned again when it ends */

struct entry {
        bool used, known;  /* known: found by its inode */
        bool active, seen; /* seen: by the scan that is under way */
        struct file_id id;
        pid_t pid;
        int64_t start_usec;
        int pipe;
        unsigned pipe_number; /* what it has an end of, as long as it has a peer */
        int peer;             /* -1: none */
        char name[ENTRY_NAME_BYTES];
};

static struct table {
        struct entry entries[ENTRIES];
        unsigned top; /* none is used from there on */
} * table;

static void table_init(void)
{
        table = sim_alloc(sizeof(*table));
}

static void table_clear(void)
{
        memset(table, 0, table->top * sizeof(struct entry));
        table->top = 0;
}

static void scan_begin(void)
{
        for (unsigned i = 0; i < table->top; i++)
                table->entries[i].seen = false;
}

static int find(const struct file_id *id)
{
        for (unsigned i = 0; i < table->top; i++)
                if (table->entries[i].known && table->entries[i].id.inode == id->inode &&
                    table->entries[i].id.device == id->device)
                        return (int)i;
        return -1;
}

static int new_entry(void)
{
        for (unsigned i = 0; i < svscan->max && i < ENTRIES; i++)
                if (!table->entries[i].used) {
                        if (i >= table->top)
                                table->top = i + 1;
                        table->entries[i] = (struct entry){.used = true};
                        return (int)i;
                }
        return -1;
}

static bool is_logger(const struct entry *entry)
{
        return strchr(entry->name, '/') != NULL;
}

static void remove_entry(struct entry *entry)
{
        if (entry->peer >= 0) {
                struct entry *peer = &table->entries[entry->peer];

                if (peer->pipe == PIPE_OPEN)
                        peer->pipe = PIPE_DEAD;
                peer->peer = -1;
        }
        if (entry->pipe == PIPE_AGAIN && entry->start_usec < svscan->scan_usec)
                svscan->scan_usec = entry->start_usec;
        entry->used = entry->known = entry->active = false;
        while (table->top && !table->entries[table->top - 1].used)
                table->top--;
}

/* The entry, in *at; -1: it is none, and the scan goes on. Or false: the scan is given up, for so many seconds. */
static bool check(const char *name, int producer, int *at, int64_t *again_usec)
{
        struct file_id id;
        int kind = svscan_stat(name, &id);
        struct entry *entry;

        *at = -1;
        *again_usec = 4 * SEC;
        if (kind < 0)
                return producer >= 0 && kind == -ENOENT;
        if (kind == 0)
                return true;
        *at = find(&id);
        if (*at >= 0) {
                entry = &table->entries[*at];
                *again_usec = 10 * SEC;
                if (entry->peer >= 0 && producer >= 0 && producer != entry->peer)
                        return false; /* an old service of that logger is still there */
                if (entry->peer >= 0 && entry->pipe == PIPE_NONE) {
                        entry->pipe = PIPE_DEAD;
                        return true;
                }
        } else {
                *again_usec = 60 * SEC;
                *at = new_entry();
                if (*at < 0)
                        return false;
                entry = &table->entries[*at];
                entry->id = id;
                entry->start_usec = svscan->start_usec = sim_now_usec();
                entry->peer = producer;
                entry->pipe = producer >= 0 ? PIPE_OPEN : PIPE_NONE;
                if (producer >= 0) {
                        table->entries[producer].peer = *at;
                        table->entries[producer].pipe = PIPE_OPEN;
                        table->entries[producer].pipe_number = entry->pipe_number = svscan_new_pipe();
                }
                entry->known = true;
        }
        snprintf(entry->name, sizeof(entry->name), "%s", name);
        entry->seen = true;
        return true;
}

/* Where its logger fails, the service's number is given up, but not its place by inode; and no time is set (a negative one). */
static bool check_both(const char *name)
{
        char log[ENTRY_NAME_BYTES + 5];
        int64_t again_usec;
        int at, logger;

        if (strlen(name) > NAME_MOST)
                return true;
        if (!check(name, -1, &at, &again_usec)) {
                svscan_later(again_usec);
                return false;
        }
        if (at < 0)
                return true;
        snprintf(log, sizeof(log), "%s/log", name);
        if (check(log, at, &logger, &again_usec))
                return true;
        table->entries[at].used = false;
        return false;
}

static void scan_end(void)
{
        for (unsigned i = 0; i < table->top; i++)
                table->entries[i].active = table->entries[i].used && table->entries[i].seen;
        for (unsigned i = 0; sim_settings->flavour == S6_2_15 && i < table->top; i++) {
                struct entry *entry = &table->entries[i];

                if (entry->used && !entry->active && !entry->pid)
                        remove_entry(entry);
        }
        svscan->what &= ~(unsigned)SCAN_FIRST;
}

static void start(void)
{
        svscan->start_usec = SIM_NEVER;
        for (unsigned i = 0; i < table->top; i++) {
                struct entry *entry = &table->entries[i];

                if (!entry->active || entry->pid || entry->start_usec > sim_now_usec())
                        continue;
                entry->pid = svscan_spawn(entry->name, entry->peer >= 0 ? entry->pipe_number : 0);
                if (!entry->pid) {
                        svscan->start_usec = sim_now_usec() + 10 * SEC;
                        return;
                }
                entry->start_usec += SEC;
        }
}

static void kill_them(void)
{
        for (unsigned i = 0; i < table->top; i++) {
                struct entry *entry = &table->entries[i];
                unsigned bit = is_logger(entry) ? TERM_LOGGERS : KILL_INACTIVE;

                if (entry->used && entry->pid && (svscan->what & KILL_ALL || !entry->active))
                        svscan_kill(entry->pid, svscan->what & bit);
        }
}

static void ended(pid_t pid)
{
        for (unsigned i = 0; i < table->top; i++) {
                struct entry *entry = &table->entries[i];

                if (!entry->used || entry->pid != pid)
                        continue;
                entry->pid = 0;
                if (!entry->active)
                        remove_entry(entry);
                else if (entry->start_usec < svscan->start_usec)
                        svscan->start_usec = entry->start_usec;
                return;
        }
}

static bool holds_pipe(unsigned number)
{
        for (unsigned i = 0; i < table->top; i++) {
                const struct entry *entry = &table->entries[i];

                if (entry->used && entry->pipe == PIPE_OPEN && !is_logger(entry) &&
                    entry->pipe_number == number)
                        return true;
        }
        return false;
}

const struct svscan_kind svscan_new = {.init = table_init,
                                       .clear = table_clear,
                                       .scan_begin = scan_begin,
                                       .check = check_both,
                                       .scan_end = scan_end,
                                       .start = start,
                                       .kill = kill_them,
                                       .ended = ended,
                                       .holds_pipe = holds_pipe};
