/* SPDX-License-Identifier: ISC */
#ifndef DOCTOR_VOLUME_FOUND_H
#define DOCTOR_VOLUME_FOUND_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "daemon/edge/room.h"
#include "daemon/judge/boot_log.h"
#include "daemon/methods/findings.h"

struct server;

/*
 * What a look at the volume finds. First comes what is the volume's own, in one job of the deputy, which may
 * take as long as the volume does. Then come the profiles, each of which may hang by itself.
 */
enum volume_state {
        VOLUME_LOOKING,   /* the deputy has not answered */
        VOLUME_LATE,      /* it did not answer in time, or hangs on other jobs, or there was no memory */
        VOLUME_KNOWN,     /* all that the struct has is known */
        VOLUME_ABANDONED, /* nobody wants to know any more: the job under way frees the struct */
};

/* A directory below profiles/ that is a profile, or looks like one, or did not answer. */
struct found_profile {
        char name[NAME_MAX + 1];
        bool hung;
        int link; /* profile_facts.link: a link that is not taken; 0: it is none */
};

struct volume_found {
        enum volume_state state;
        struct server *server;
        void (*done)(void *owner);
        void *owner;

        int opened; /* 0 or a negative errno, as are `written`, `logged` and `listed` */
        uid_t uid;
        struct room room;
        int written;
        const char *store; /* a path where the intent store is, or would be made */
        int logged;
        struct boot_log log;
        int listed;
        bool more; /* there are more directories than are looked at */
        struct found_profile *profiles;
        size_t count;
        size_t named; /* of these, the first ones, sorted: the others have no name that a gateway can have */
        struct findings newer, unreadable, lost; /* records */
};

/* Begins to look. done: called when the look is complete, on a later turn of the loop, but not if it is
 * VOLUME_LATE at once. root: root asks. NULL: out of memory. */
struct volume_found *volume_found_new(struct server *server, bool root, void (*done)(void *owner),
                                      void *owner);

/* Nobody waits for what is found, or needs it, any more. NULL is allowed. */
void volume_found_free(struct volume_found *found);

static inline bool volume_found_is_complete(const struct volume_found *found)
{
        return found->state == VOLUME_KNOWN || found->state == VOLUME_LATE;
}

#endif
