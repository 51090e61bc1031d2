/* SPDX-License-Identifier: ISC */
#include "daemon/session/audit.h"

#include <string.h>

#include "daemon/log/log.h"
#include "daemon/log/log_line.h"
#include "proto/limits.h"
#include "proto/name.h"

/* Who asked: the same fields in every line. */
#define WHO "uid=%u pid=%d"
#define WHO_OF(identity) (unsigned)(identity)->uid, (int)(identity)->pid
/* Who asked, and with which call. */
#define CALL WHO " connection=%lld call=%lld"
#define CALL_OF(peer) WHO_OF(&(peer)->identity), (long long)(peer)->id, (long long)(peer)->request.number

/* More names than any line takes. */
#define NAMES_SHOWN 64

/* Logs the line of a request, with ` service=NAME` at its end for as many of the names as fit. */
__attribute__((format(printf, 4, 5))) static void
audit_request(const struct peer *peer, const char *const *names, size_t count, const char *format, ...)
{
        static const char before[] = " service=";
        struct line line;
        va_list arguments;

        va_start(arguments, format);
        line_begin(&line, format, &arguments);
        va_end(arguments);
        for (size_t i = 0; i < count && !line.cut; i++) {
                size_t length = line.length;

                line_append(&line, before, strlen(before));
                line_append_escaped(&line, names[i]);
                if (line.cut) /* half a name is not written */
                        line.length = length;
        }
        log_change(access_log_source(peer->access), &line);
}

/* Returns how many of the names are a service's. Puts the first *shown of them, as many as a line may take,
 * into `known`. */
static size_t look_up(const struct peer *peer, const char *const *names, size_t count,
                      const char *known[NAMES_SHOWN], size_t *shown)
{
        size_t found = 0;

        for (size_t i = 0; i < count; i++) {
                const struct service *service = registry_find(peer->server->registry, names[i]);

                if (service && found++ < NAMES_SHOWN)
                        known[found - 1] = service->name;
        }
        *shown = found < NAMES_SHOWN ? found : NAMES_SHOWN;
        return found;
}

void audit_names(const struct peer *peer, const char *method, const char *const *names, size_t count)
{
        const char *known[NAMES_SHOWN];
        size_t shown, found = look_up(peer, names, count, known, &shown);

        audit_request(peer, known, shown, "audit: %s: " CALL " names=%u unknown=%u", method, CALL_OF(peer),
                      (unsigned)count, (unsigned)(count - found));
}

void audit_signal(const struct peer *peer, const char *signal, const char *const *names, size_t count)
{
        const char *known[NAMES_SHOWN];
        size_t shown, found = look_up(peer, names, count, known, &shown);

        audit_request(peer, known, shown, "audit: Signal: " CALL " signal=%s names=%u unknown=%u",
                      CALL_OF(peer), signal, (unsigned)count, (unsigned)(count - found));
}

/* Logs a call that is about a slot, which need not exist. */
void audit_profile(const struct peer *peer, const char *method, const char *profile)
{
        char name[LIMIT_SERVICE_NAME_BYTES + 1];
        const char *const names[] = {name};

        name_service_of(profile, name, sizeof(name));
        audit_request(peer, names, 1, "audit: %s: " CALL, method, CALL_OF(peer));
}

void audit_call(const struct peer *peer, const char *method)
{
        audit_request(peer, NULL, 0, "audit: %s: " CALL, method, CALL_OF(peer));
}

void audit_limit(enum access access, const struct identity *identity, const char *limit, long long value)
{
        log_refusal(access_log_source(access), "refused: limit=%s value=%lld " WHO, limit, value,
                    WHO_OF(identity));
}

void audit_denied(const struct peer *peer)
{
        log_refusal(access_log_source(peer->access), "refused: no permission: " WHO, WHO_OF(&peer->identity));
}

void audit_invalid(const struct peer *peer)
{
        log_refusal(access_log_source(peer->access), "refused: invalid message: " WHO,
                    WHO_OF(&peer->identity));
}

void audit_closed(const struct peer *peer, const char *why)
{
        log_refusal(access_log_source(peer->access), "peer: closed: why=%s " WHO, why,
                    WHO_OF(&peer->identity));
}

void audit_dropped(const struct peer *peer, unsigned calls)
{
        log_refusal(access_log_source(peer->access),
                    "peer: dropped: why=gone calls=%u " WHO " connection=%lld", calls,
                    WHO_OF(&peer->identity), (long long)peer->id);
}
