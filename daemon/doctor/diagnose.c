/* SPDX-License-Identifier: ISC */
#include "daemon/doctor/diagnose.h"

#include <stdlib.h>

#include "daemon/bounds.h"
#include "daemon/doctor/doctor.h"
#include "daemon/doctor/volume_found.h"
#include "daemon/methods/parameters.h"
#include "daemon/session/dispatch.h"
#include "proto/interface.h"

static doctor_step *const steps[] = {
        diagnose_system,      diagnose_services, diagnose_processes, diagnose_container,
        diagnose_permissions, diagnose_scripts,  diagnose_path,      diagnose_locks,
};
#define STEPS (sizeof(steps) / sizeof(steps[0]))

static void round_end(struct doctor *doctor);

static void volume_answered(void *owner)
{
        struct doctor *doctor = owner;

        if (doctor->state == DOCTOR_WAITING)
                round_end(doctor);
}

/* Does root wait for this round? */
static bool is_asked_by_root(const struct doctor *doctor)
{
        bool root = false;

        for (size_t i = 0; i < PEERS_MOST; i++) {
                const struct peer *peer = ticket_peer(doctor->server, doctor->asked.at[i]);

                root = root || (peer && peer->access == ACCESS_ROOT);
        }
        return root;
}

static void round_begin(struct doctor *doctor)
{
        halts_look_at_all(doctor->server->registry);
        doctor->state = DOCTOR_LOOKING;
        doctor->step = doctor->count = 0;
        text_init(&doctor->checks);
        doctor->ready.root = is_asked_by_root(doctor);
        doctor->volume = volume_found_new(doctor->server, doctor->ready.root, volume_answered, doctor);
        if (!doctor->volume)
                doctor_lacks_memory(doctor);
        ready_wake(&doctor->ready);
}

/* Everything is known: answers all calls of this round, and begins the next for those who asked meanwhile. */
static void round_end(struct doctor *doctor)
{
        struct ticket ticket;

        if (doctor->volume)
                diagnose_volume(doctor);
        volume_found_free(doctor->volume);
        doctor->volume = NULL;
        doctor->state = DOCTOR_IDLE;
        for (size_t at = 0; ticket_set_take(&doctor->asked, &at, &ticket);) {
                struct text reply;

                text_init(&reply);
                text_append_string(&reply, "{\"checks\":[");
                text_append(&reply, doctor->checks.bytes, doctor->checks.length);
                text_append_string(&reply, "]}");
                reply.failed = reply.failed || doctor->checks.failed;
                ticket_reply(doctor->server, ticket, &reply);
        }
        text_deinit(&doctor->checks);
        doctor->asked = doctor->next;
        doctor->next = (struct ticket_set){0};
        if (!ticket_set_is_empty(&doctor->asked))
                round_begin(doctor);
}

static bool doctor_slice(struct ready *ready)
{
        struct doctor *doctor = (struct doctor *)ready;

        doctor->idle = false;
        do
                doctor->step += steps[doctor->step](doctor);
        while (doctor->step < STEPS && !doctor->idle && !ready_is_over(ready));
        if (doctor->step < STEPS) {
                timer_start(&doctor->pause, doctor->idle ? DIAGNOSE_IDLE_MSEC : DIAGNOSE_PAUSE_MSEC);
                return false;
        }
        doctor->state = DOCTOR_WAITING;
        if (!doctor->volume || volume_found_is_complete(doctor->volume))
                round_end(doctor);
        return false;
}

static void doctor_paused(void *owner)
{
        struct doctor *doctor = owner;

        ready_wake(&doctor->ready);
}

static struct doctor *doctor_get(struct server *server)
{
        struct doctor *doctor = server->doctor;

        if (doctor)
                return doctor;
        doctor = calloc(1, sizeof(*doctor));
        if (!doctor)
                return NULL;
        doctor->server = server;
        ready_init(&doctor->ready, &server->registry->ready, doctor_slice);
        timer_init(&doctor->pause, server->loop, doctor_paused, doctor);
        return server->doctor = doctor;
}

static void doctor_free(void *owner)
{
        free(owner);
}

void diagnose_close(struct server *server)
{
        struct doctor *doctor = server->doctor;

        if (!doctor)
                return;
        server->doctor = NULL;
        volume_found_free(doctor->volume);
        diagnose_processes_drop(doctor);
        diagnose_permissions_drop(doctor);
        diagnose_scripts_drop(doctor);
        if (doctor->state != DOCTOR_IDLE)
                text_deinit(&doctor->checks);
        ready_remove(&doctor->ready);
        timer_close(&doctor->pause, doctor_free);
}

static void diagnose(struct peer *peer, const struct call *call)
{
        struct doctor *doctor;

        if (!parameters_are_none(peer, call))
                return;
        doctor = doctor_get(peer->server);
        if (!doctor) {
                peer_finish(peer);
                return;
        }
        if (doctor->state != DOCTOR_IDLE) {
                ticket_set_add(&doctor->next, peer_ticket(peer));
                return;
        }
        ticket_set_add(&doctor->asked, peer_ticket(peer));
        round_begin(doctor);
}

const struct method diagnose_methods[] = {
        {IO_SVCBROKER ".Diagnose", ACCESS_OBSERVER, false, false, diagnose},
        {NULL},
};
