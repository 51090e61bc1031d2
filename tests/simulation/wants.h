/* SPDX-License-Identifier: ISC */
#ifndef SIMULATION_WANTS_H
#define SIMULATION_WANTS_H

#include <stdbool.h>
#include <stdint.h>

#include "client.h"

/*
 * What was acknowledged to clients, for each profile, and what must follow. A change of intent begins when the last byte of its
 * call was sent, and ends when its answer was read. One that came after another had ended takes its place; those that
 * overlap may have come in either order; one whose answer never came may have been done or not. So of each profile there
 * is a set of what may be wanted: with what was acknowledged as being on the volume, after any kill; with all that was
 * acknowledged, when the world is at rest.
 */

/* What may be wanted: bits. */
enum {
        WANT_NOTHING = 1 << 0, /* there is no record of it */
        WANT_DOWN = 1 << 1,
        WANT_UP = 1 << 2,
        WANT_KEPT = 1 << 3, /* as it was before */
        WANT_ANY = WANT_NOTHING | WANT_DOWN | WANT_UP,
};

/* Variables are told apart by one of them: MARK=<number>. */
#define WANTS_NO_ENVIRONMENT 0
#define WANTS_SAME_ENVIRONMENT (-1)
#define WANTS_ANY_ENVIRONMENT (-2)

enum wants_answer {
        WANTS_DONE,      /* acknowledged, and on the volume */
        WANTS_ACCEPTED,  /* acknowledged, and said not to be there yet */
        WANTS_REFUSED,   /* nothing of it was done */
        WANTS_UNCERTAIN, /* it ended, and may have been done or not */
};

/* The broker takes it up now: of orders, the last one wins. */
void wants_taken_up(unsigned change);

/* A call was sent whole. Its number, or 0: it changes nothing. */
unsigned wants_begin(const struct client *client, const struct call_sent *call);
/* So was answered about one of its names (a service's). want: bits, of what was acknowledged. */
void wants_answered(unsigned change, const char *name, enum wants_answer answer, unsigned want);
/* A Register: created, or its variables replaced. */
void wants_registered(unsigned change, const char *name, enum wants_answer answer, bool created,
                      bool changed);
/* All that was not answered of it never will be; it may go on until this life of the broker is over. */
void wants_unanswered(unsigned change);
/* All of it was answered. */
void wants_over(unsigned change);

/* Nothing else was sent about that name since, and all that was before had ended. */
bool wants_is_last(unsigned change, const char *name);

/* Reconcile has made a slot for it, by what its application says of itself. */
void wants_found(const char *name);
/* The broker said that it makes a slot of one. */
void wants_begun(const char *name);
/* The broker said that one has stopped by its own means. */
void wants_stopped(const char *name);

int wants_new_environment(void);

/* What may be wanted of a service by all that was acknowledged; WANT_ANY of one that is not known. */
unsigned wants_of(const char *name);

/* Every profile that the world has: NULL behind the last one. One more than there are directories for. */
const char *wants_profile(unsigned number);

/* wants_volume.c: what the volume holds of a profile. False: what is there is no record. */
struct wants_record {
        unsigned want; /* one of the bits */
        int environment;
};
bool wants_read(const char *profile, struct wants_record *record);
/* What its application says of itself: one of the bits; 0: nothing. */
unsigned wants_read_state(const char *profile);

/* At rest: the process that an acknowledged Restart was to replace, and nothing after it, is not there any more. */
void wants_check_restarted(void);
/* Nobody can say what is wanted of it: the directory of its profile comes and goes. */
bool wants_is_loose(const char *name);

/* check.c */
void check_after_step(void);
/* check_bounds.c */
struct server;
void check_bounds(const struct server *server);
/* check_brake.c */
void check_brakes(void);
/* check_idle.c */
void check_when_idle(void);
/* check.c */
void check_at_rest(void);
/* check_rest.c: the model has nothing under way, and each service is where it may stay. */
bool check_is_at_rest(void);
/* It was told to end, and does not: that is its own to say, for as long as nobody takes its slot away. Health says so. */
struct service;
bool check_ignores_its_end(const struct service *service);
/* It has no supervisor, or its logger has none: s6-svscan of 2.12 and later begins what it has seen for the first time at once, and forgets by
 * that who was to have another s6-supervise a second after the last one. Nobody may end what runs, to make it look again. */
bool check_is_forgotten(const struct service *service, bool log);
/* check_files.c */
void check_files_at_rest(void);
/* The variables that a slot has, by their mark. */
int check_mark_of(const char *name);
/* After a kill, before the next broker begins: what it left behind. */
void check_after_kill(void);

#endif
