/* SPDX-License-Identifier: ISC */
#ifndef EDGE_SCANDIR_H
#define EDGE_SCANDIR_H

/* The scan directory of the s6-svscan that runs the gateways. */
struct scandir {
        int fd;           /* of the directory */
        const char *path; /* as configured; not owned */
};

/* Opens the scan directory. 0 or a negative errno; fd is -1 then. */
int scandir_open(struct scandir *scandir, const char *path);
void scandir_close(struct scandir *scandir);

/* Is an s6-svscan at work on it (its lock held, its control FIFO read)? 1: yes, 0: no, or a negative errno:
 * that could not be seen. */
int scandir_is_running(const struct scandir *scandir);

/* The same by its control FIFO alone: what is ordered is read. Enough for who orders something next. */
int scandir_is_heard(const struct scandir *scandir);

/* Writes s6-svscan's command letters ("a": rescan, "an": rescan, then end what is gone). 0, -ENXIO, -EAGAIN
 * or another negative errno. */
int scandir_command(const struct scandir *scandir, const char *letters);

/* How many bytes of its commands s6-svscan has not read; 0 also where that cannot be seen. One that works
 * reads them at once. */
unsigned scandir_unread(const struct scandir *scandir);

/*
 * Publishes: makes the symlink `name` to `target` (an absolute path). 0 also when it is there already with
 * that very target; -EEXIST when something else has the name.
 */
int scandir_link(const struct scandir *scandir, const char *name, const char *target);

/* Removes the symlink `name` if it leads to `target`. 0 also when it is gone already; -EEXIST when it is
 * anything else. */
int scandir_unlink(const struct scandir *scandir, const char *name, const char *target);

/* Is `name` a symlink whose text is exactly `target`? 1: yes, 0: no, or a negative errno: that could not be
 * seen. */
int scandir_links_to(const struct scandir *scandir, const char *name, const char *target);

#endif
