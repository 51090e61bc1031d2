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
 *     everything the template has, its modes & 0755, directories writable for us   (symbolic links: -ELOOP,
 * special files: -EINVAL; a template with down, env, event or supervise of its own: -EEXIST) down only while
 * the broker does not want it to run now data/           0755, profile (0644: the profile's name and a
 * newline), state (the broker's record, 0600) env/            0750 root:<client group>, one file a variable:
 * its value and nothing else, 0640; where we may not give files away, the group is our own env/.empty always
 * there: names of variables with an empty value, a line each (s6-envdir unsets those whose file is empty)
 *     supervise/, event/, log/supervise/, log/event/   0700, made in advance (log/... only where the template
 * has log/)
 */
struct slots {
        int fd;           /* of the directory */
        int template_fd;  /* of the template directory */
        const char *path; /* absolute, as configured; not owned */
        gid_t client_gid; /* for env/ */
};

/* Opens (and makes, 0755, where missing) the directory, opens the template. 0 or a negative errno, *what then
 * names which. */
int slots_open(struct slots *slots, const char *path, const char *template_path, gid_t client_gid,
               const char **what);
void slots_close(struct slots *slots);

/*
 * Makes .<name> complete; whatever was there under that name is removed first. environment: name to value
 * (strings), or NULL. state: the text of data/state. 0 or a negative errno, nothing left behind.
 */
int slot_stage(const struct slots *slots, const char *name, const char *profile,
               struct json_object *environment, const char *state, bool down);

/* .<name> becomes <name>. 0 or a negative errno (-EEXIST: there is a slot of that name). */
int slot_commit(const struct slots *slots, const char *name);

/* Removes <name>, .<name> and .<name>~ with all that is in them. 0 also when there is nothing. */
int slot_remove(const struct slots *slots, const char *name);

/* Empties supervise/ and event/ (and the logger's) of a slot that no s6-supervise runs: what they hold is
 * from a dead boot. */
int slot_clean(const struct slots *slots, const char *name);

/* 1: it has, 0: it has none, or a negative errno. */
int slot_has_log(const struct slots *slots, const char *name);

/* The down file: made or removed. 0 also when it is so already; -ENOENT without a slot. */
int slot_set_down(const struct slots *slots, const char *name, bool down);

/* data/state, replaced atomically; at most 4 KiB (-EFBIG). Read: NUL-terminated, the caller frees it. 0 or a
 * negative errno. */
int slot_write_state(const struct slots *slots, const char *name, const char *text);
int slot_read_state(const struct slots *slots, const char *name, char **text);

/* data/profile without its newline; size: of buffer. 0 or a negative errno (-EBADMSG: it does not end in a
 * newline). */
int slot_read_profile(const struct slots *slots, const char *name, char *buffer, size_t size);

/*
 * Replaces env/ as a whole (atomically where the file system can exchange two names), and only if it differs,
 * in content or rights. *changed: whether it held anything else before. 0 or a negative errno.
 */
int slot_set_environment(const struct slots *slots, const char *name, struct json_object *environment,
                         bool *changed);

/* What there is of it: names to strings, for the caller to put; NULL: none. 0 or a negative errno. */
int slot_read_environment(const struct slots *slots, const char *name, struct json_object **environment);

#endif
