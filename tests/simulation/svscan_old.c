/* SPDX-License-Identifier: ISC */
/*
 * s6-svscan of 2.11. A service and its logger are one entry; a name that cannot be looked at is one that is gone, and the scan goes on;
 * each scan starts what lacks a process.
 */
#include "s6_inner.h"

#include <errno.h>
#include <stdio.h>

#define ENTRIES 512

struct entry {
        struct file_id id;
        pid_t pid[2]; /* of the service's and of its logger's */
        int64_t start_usec[2];
        bool log, active;
        int pipe; /* 0: open; -1: closed; -2: and it is there again */
        unsigned pipe_number;
};

static struct table {
        struct entry entries[ENTRIES];
        unsigned count;
} * table;

static void table_init(void)
{
        table = sim_alloc(sizeof(*table));
}

static void table_clear(void)
{
        table->count = 0;
}

static void scan_begin(void)
{
        for (unsigned i = 0; i < table->count; i++)
                table->entries[i].active = false;
}

static void try_start(struct entry *entry, const char *name, int which)
{
        char log[ENTRY_NAME_BYTES + 5];

        if (entry->pid[which])
                return;
        if (entry->start_usec[which] > sim_now_usec()) {
                if (entry->start_usec[which] < svscan->scan_usec)
                        svscan->scan_usec = entry->start_usec[which];
                return;
        }
        snprintf(log, sizeof(log), "%s/log", name);
        entry->pid[which] = svscan_spawn(which ? log : name, entry->pipe_number);
        if (!entry->pid[which])
                entry->start_usec[which] += 10 * SEC;
}

static struct entry *find(const struct file_id *id)
{
        for (unsigned i = 0; i < table->count; i++)
                if (table->entries[i].id.inode == id->inode && table->entries[i].id.device == id->device)
                        return &table->entries[i];
        return NULL;
}

static struct entry *new_entry(const char *name, const struct file_id *id)
{
        struct entry *entry = &table->entries[table->count];
        char log[ENTRY_NAME_BYTES + 5];
        struct file_id log_id;
        int kind;

        if (table->count >= svscan->max || table->count >= ENTRIES)
                return NULL;
        snprintf(log, sizeof(log), "%s/log", name);
        kind = svscan_stat(log, &log_id);
        if (kind < 0 && kind != -ENOENT) {
                svscan_later(3 * SEC);
                return NULL;
        }
        *entry = (struct entry){.id = *id, .log = kind > 0};
        if (entry->log)
                entry->pipe_number = svscan_new_pipe();
        entry->start_usec[0] = entry->start_usec[1] = sim_now_usec();
        table->count++;
        return entry;
}

static bool check(const char *name)
{
        struct file_id id;
        int kind = svscan_stat(name, &id);
        struct entry *entry;

        if (kind < 0)
                svscan_later(3 * SEC);
        if (kind <= 0)
                return true;
        entry = find(&id);
        if (entry && entry->log && entry->pipe < 0) {
                entry->pipe = -2;
                return true;
        }
        if (!entry)
                entry = new_entry(name, &id);
        if (!entry)
                return true;
        entry->active = true;
        if (entry->log)
                try_start(entry, name, 1);
        try_start(entry, name, 0);
        return true;
}

static void drop(struct entry *entry)
{
        *entry = table->entries[--table->count];
}

static void scan_end(void)
{
        for (unsigned i = 0; i < table->count; i++) {
                struct entry *entry = &table->entries[i];

                if (entry->active || entry->pid[0] || (entry->log && entry->pid[1]))
                        continue;
                drop(entry); /* as s6 does: who has its place now is not looked at in this scan */
        }
        svscan->what &= ~(unsigned)SCAN_FIRST;
}

static void start(void)
{
        svscan->start_usec = SIM_NEVER;
}

static void kill_them(void)
{
        for (unsigned i = 0; i < table->count; i++) {
                struct entry *entry = &table->entries[i];

                if (!(svscan->what & KILL_ALL) && entry->active)
                        continue;
                if (entry->pid[0])
                        svscan_kill(entry->pid[0], svscan->what & KILL_INACTIVE);
                if (entry->log && entry->pid[1])
                        svscan_kill(entry->pid[1], svscan->what & TERM_LOGGERS);
        }
}

static void ended(pid_t pid)
{
        struct entry *entry = NULL;

        for (unsigned i = 0; i < table->count && !entry; i++)
                for (int which = 0; which < 2; which++)
                        if (table->entries[i].pid[which] == pid) {
                                entry = &table->entries[i];
                                entry->pid[which] = 0;
                                entry->start_usec[which] = sim_now_usec() + SEC;
                        }
        if (!entry)
                return;
        if (entry->active) {
                svscan_later(SEC);
                return;
        }
        if (entry->log && entry->pipe == 0)
                entry->pipe = -1;
        else if (entry->log && entry->pipe == -2)
                svscan->scan_usec = sim_now_usec();
        if (!entry->pid[0] && (!entry->log || !entry->pid[1]))
                drop(entry);
}

static bool holds_pipe(unsigned number)
{
        for (unsigned i = 0; i < table->count; i++)
                if (table->entries[i].pipe == 0 && table->entries[i].pipe_number == number)
                        return true;
        return false;
}

const struct svscan_kind svscan_old = {.init = table_init,
                                       .clear = table_clear,
                                       .scan_begin = scan_begin,
                                       .check = check,
                                       .scan_end = scan_end,
                                       .start = start,
                                       .kill = kill_them,
                                       .ended = ended,
                                       .holds_pipe = holds_pipe};
