/* SPDX-License-Identifier: ISC */
#ifndef EDGE_SLOT_H
#define EDGE_SLOT_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct json_object;

/*
 * The service directories of gateways, all in one directory ("services"). A slot is staged as .<name> from
 * the template, complete, and renamed into place; it is renamed to .<name>~ before it is taken apart (a
 * longer ending would not fit behind the longest name; no profile's name has a tilde). A slot:
 *
 *     (template)     all that it has, modes & 0755, directories writable for us; in it symbolic links are
 *                    -ELOOP, special files -EINVAL, and down, env, event and supervise -EEXIST. Its files are
 *                    other slots' too (master.h): one is replaced, never written to
 *     svcbroker-slot the program in the first lines of the template's scripts, a link of .svcbroker-slot
 *                    beside the slots
 *     down           only while the broker does not want it to run now; empty, and other slots' too
 *     data/          0755
 *     data/profile   0644: the profile's name and a newline
 *     data/state     0600: the broker's record
 *     data/.state    0600: of the size of the largest state; the next one is written here, then the two are
 *                    exchanged
 *     data/down      0644: down, while it is not in the slot
 *     data/history   0600, and data/history.1: what happened to it (slot_history.h)
 *     env            0640 root:<client group> (our own, where we may not give files away): the variables
 *     supervise/, event/, and in log/, where the template has it: 0700, made in advance
 *     log/down       only until its gateway begins for the first time: there is nothing to log yet. Never
 *                    without down
 *
 * env is text, for a shell to read line by line without evaluating anything: NAME=VALUE and a newline for
 * each variable, sorted by name; where a value has a newline, it goes on in a line of its own behind a space
 * that is not the value's. An empty file says that there are no variables. Each slot has a file of its own, which
 * is replaced, never written to. A slot of an older broker, whose scripts read another form, keeps that
 * (slot_environment_old.h).
 *
 * What .state and data/down are for: neither slot_set_down() nor slot_write_state() needs a block or an inode
 * of the file system that the slot did not have from the beginning, so that an order works where that is
 * full.
 */
struct slots {
        int fd;                /* of the directory */
        int template_fd;       /* of the template directory */
        const char *path;      /* absolute, as configured; not owned */
        const char *program;   /* what slots have as svcbroker-slot (slot_program.h); NULL: they have none */
        gid_t client_gid;      /* of env */
        struct master *master; /* whose files slots are linked to: master.h */
};

/* Opens (and makes, 0755, where missing) the directory, opens the template. 0 or a negative errno, *what then
 * names which. */
int slots_open(struct slots *slots, const char *path, const char *template_path, gid_t client_gid,
               const char **what);
void slots_close(struct slots *slots);

/* Which down files a new slot has. */
enum slot_down {
        SLOT_DOWN_NONE, /* gateway and logger begin with their supervisors */
        SLOT_DOWN_OWN,  /* only the logger begins */
        SLOT_DOWN_BOTH, /* neither begins */
};

/*
 * Makes .<name> complete; whatever was there under that name is removed first. environment: name to value
 * (strings), or NULL. state: the text of data/state. 0 or a negative errno, nothing left behind.
 */
int slot_stage(const struct slots *slots, const char *name, const char *profile,
               struct json_object *environment, const char *state, enum slot_down down);

/* .<name> becomes <name>. 0 or a negative errno (-EEXIST: there is a slot of that name). */
int slot_commit(const struct slots *slots, const char *name);

/*
 * Makes another <name> as slot_stage() does, in place of the slot that is there and that nobody supervises:
 * so that the slot and its log/ are directories that s6-svscan has not seen before. The name is there all the
 * time. What the slot's runs noted of their groups stays, since the next run ends what is left of them, and
 * so does its history. 0 or a negative errno, then the old slot is still there.
 */
int slot_renew(const struct slots *slots, const char *name, const char *profile,
               struct json_object *environment, const char *state, enum slot_down down);

/* Removes <name>, .<name> and .<name>~ with all that is in them. 0 also when there is nothing. */
int slot_remove(const struct slots *slots, const char *name);

/* Empties supervise/ and event/ (and the logger's) of a slot that no s6-supervise runs: what they hold is
 * from a dead boot. */
int slot_clean(const struct slots *slots, const char *name);

/* Tidies a slot that another broker left: removes what was begun and not ended in it, and makes what orders
 * need and an older broker did not make. */
void slot_tidy(const struct slots *slots, const char *name);

/* Has the slot a logger? 1: it has, 0: it has none, or a negative errno. */
int slot_has_log(const struct slots *slots, const char *name);

/* The down file of the slot's logger: is it there? 1: yes, 0: no, or a negative errno. And its removal: 0,
 * also when it is gone already, or a negative errno. */
int slot_log_is_down(const struct slots *slots, const char *name);
int slot_let_log_run(const struct slots *slots, const char *name);

/* Makes or removes the down file. 0 also when it is so already; -ENOENT without a slot. */
int slot_set_down(const struct slots *slots, const char *name, bool down);

/* Replaces data/state atomically, with at most STATE_BYTES_MAX (-EFBIG); reads it, NUL-terminated, for the
 * caller to free. 0 or a negative errno. */
int slot_write_state(const struct slots *slots, const char *name, const char *text);
int slot_read_state(const struct slots *slots, const char *name, char **text);

/* Reads data/profile without its newline; size: of buffer. 0 or a negative errno (-EBADMSG: it is not one
 * line with a newline). */
int slot_read_profile(const struct slots *slots, const char *name, char *buffer, size_t size);

/*
 * The variables are replaced in two steps, between which the caller can note that they are about to be
 * others: slot_prepare_environment() makes them beside env, slot_take_environment() puts them in its place,
 * or slot_drop_environment() removes them. Nothing waits to be taken where env is the same already, in
 * content and rights. *changed: whether the variables are others than those of env. 0 or a negative errno,
 * then nothing waits.
 */
int slot_prepare_environment(const struct slots *slots, const char *name, struct json_object *environment,
                             bool *changed);
int slot_take_environment(const struct slots *slots, const char *name);
void slot_drop_environment(const struct slots *slots, const char *name);

/* Both steps in one. */
int slot_set_environment(const struct slots *slots, const char *name, struct json_object *environment,
                         bool *changed);

/* Reads the variables: names to strings, for the caller to put; NULL: none. 0 or a negative errno. */
int slot_read_environment(const struct slots *slots, const char *name, struct json_object **environment);

#endif
