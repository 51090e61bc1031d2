#include "daemon/doctor/diagnose.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "daemon/session/errors.h"
#include "daemon/methods/methods.h"
#include "proto/fields.h"
#include "proto/utf8.h"

/* A slice ends with the step that goes over this; then everybody else has a turn. */
#define SLICE_NSEC 1000000
#define SLICE_PAUSE_MSEC 1
#define SLICE_IDLE_MSEC 10 /* of a step that waits for others */

static const char *const verdict_names[] = {"ok", "warning", "failure"};

static doctor_step *const steps[] = {diagnose_system,      diagnose_processes, diagnose_container,
                                     diagnose_permissions, diagnose_scripts,   diagnose_path,
                                     diagnose_locks};
#define STEPS (sizeof(steps) / sizeof(steps[0]))

void doctor_check(struct doctor *doctor, const char *name, enum verdict verdict, const char *advice,
                  const char *format, ...)
{
        struct text *text = &doctor->checks;
        char detail[3 * FINDINGS_LINE_BYTES + 256]; /* as many kinds at most, each with what it is */
        va_list arguments;

        va_start(arguments, format);
        if (vsnprintf(detail, sizeof(detail), format, arguments) >= (int)sizeof(detail))
                utf8_end(detail);
        va_end(arguments);
        text_append_string(text, doctor->count++ ? ",{" : "{");
        text_append_member_string(text, "name", name);
        text_append_member_string(text, "verdict", verdict_names[verdict]);
        text_append_member_string(text, "detail", detail);
        if (verdict != VERDICT_OK)
                text_append_member_string(text, "advice", advice);
        text_append_string(text, "}");
}

static void doctor_begin(struct doctor *doctor)
{
        bool root = false;

        for (size_t i = 0; i < SERVER_PEERS; i++) {
                const struct peer *peer = doctor->server->peers[i];

                doctor->calls[i].next = false;
                root = root || (doctor->calls[i].waits && peer && peer->access == ACCESS_ROOT);
        }
        step_look_at_all(doctor->server->registry);
        doctor->running = true;
        doctor->looked = doctor->volume_done = false;
        doctor->step = doctor->count = 0;
        text_init(&doctor->checks);
        diagnose_volume_begin(doctor, root);
        timer_start(&doctor->slice, 0);
}

static void doctor_answer(struct doctor *doctor, const struct doctor_call *call, const struct text *reply)
{
        struct peer *peer = server_find_peer(doctor->server, call->ticket.peer);

        if (!peer || !peer->request.running || peer->request.call != call->ticket.call)
                return;
        if (reply->failed)
                peer->closing = true; /* out of memory */
        else
                peer_reply(peer, reply->bytes, reply->length, false);
        peer_answered(peer);
}

/* Everything is known: tells it, and begins anew for those who asked meanwhile. */
static void doctor_end(struct doctor *doctor)
{
        struct text reply;
        bool again = false;

        diagnose_volume_end(doctor);
        text_init(&reply);
        text_append_string(&reply, "{\"checks\":[");
        text_append(&reply, doctor->checks.bytes, doctor->checks.length);
        text_append_string(&reply, "]}");
        reply.failed = reply.failed || doctor->checks.failed;
        text_deinit(&doctor->checks);
        doctor->running = false;
        for (size_t i = 0; i < SERVER_PEERS; i++) {
                struct doctor_call *call = &doctor->calls[i];

                if (call->waits && !call->next) {
                        call->waits = false;
                        doctor_answer(doctor, call, &reply);
                }
                again = again || call->waits;
        }
        text_deinit(&reply);
        if (again)
                doctor_begin(doctor);
}

static void doctor_slice(void *owner)
{
        struct doctor *doctor = owner;
        uint64_t until = uv_hrtime() + SLICE_NSEC;

        doctor->idle = false;
        while (doctor->step < STEPS && !doctor->idle && uv_hrtime() < until)
                doctor->step += steps[doctor->step](doctor);
        if (doctor->step < STEPS) {
                timer_start(&doctor->slice, doctor->idle ? SLICE_IDLE_MSEC : SLICE_PAUSE_MSEC);
                return;
        }
        doctor->looked = true;
        if (doctor->volume_done)
                doctor_end(doctor);
}

void doctor_volume_done(struct doctor *doctor)
{
        doctor->volume_done = true;
        if (doctor->looked)
                doctor_end(doctor);
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
        timer_init(&doctor->slice, server->loop, doctor_slice, doctor);
        return server->doctor = doctor;
}

static void doctor_free(void *owner)
{
        free(owner);
}

void doctor_close(struct server *server)
{
        struct doctor *doctor = server->doctor;

        if (!doctor)
                return;
        server->doctor = NULL;
        diagnose_volume_drop(doctor);
        diagnose_processes_drop(doctor);
        diagnose_permissions_drop(doctor);
        diagnose_scripts_drop(doctor);
        if (doctor->running)
                text_deinit(&doctor->checks);
        timer_close(&doctor->slice, doctor_free);
}

static const struct field no_fields[] = {{NULL, FIELD_STRING, false, 0, NULL}};

void method_diagnose(struct peer *peer, const struct call *call)
{
        const char *wrong = fields_read(call->parameters, no_fields, NULL);
        struct doctor *doctor;

        if (wrong) {
                errors_parameter(peer, wrong);
                return;
        }
        doctor = doctor_get(peer->server);
        if (!doctor) {
                peer->closing = true;
                return;
        }
        /* A peer that had this place before is gone, and what it asked with it. */
        doctor->calls[peer->slot] =
                (struct doctor_call){.ticket = peer_ticket(peer), .waits = true, .next = doctor->running};
        if (!doctor->running)
                doctor_begin(doctor);
}
