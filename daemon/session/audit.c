#include "daemon/session/audit.h"

#include "daemon/log/log.h"
#include "proto/limits.h"
#include "proto/name.h"

/* Who: the same fields in every line. */
#define WHO "uid=%u pid=%d"
#define WHO_OF(identity) (unsigned)(identity)->uid, (int)(identity)->pid
/* And by which call. */
#define CALL WHO " connection=%lld call=%lld"
#define CALL_OF(peer) WHO_OF(&(peer)->identity), (long long)(peer)->id, (long long)(peer)->request.number

/* More than any line takes. */
#define NAMES_SHOWN 64

void audit_names(const struct peer *peer, const char *method, const char *const *names, size_t count)
{
        const char *known[NAMES_SHOWN];
        size_t shown = 0, unknown = 0;

        for (size_t i = 0; i < count; i++) {
                const struct service *service = registry_find(peer->server->registry, names[i]);

                if (!service)
                        unknown++;
                else if (shown < NAMES_SHOWN)
                        known[shown++] = service->name;
        }
        log_change(access_log_source(peer->access), known, shown, "audit: %s: " CALL " names=%u unknown=%u",
                   method, CALL_OF(peer), (unsigned)count, (unsigned)unknown);
}

/* Of a call that is about a slot, which need not be there (yet). */
void audit_profile(const struct peer *peer, const char *method, const char *profile)
{
        char name[LIMIT_SERVICE_NAME_BYTES + 1];

        name_service_of(profile, name, sizeof(name));
        log_change(access_log_source(peer->access), (const char *const[]){name}, 1, "audit: %s: " CALL,
                   method, CALL_OF(peer));
}

void audit_call(const struct peer *peer, const char *method)
{
        log_change(access_log_source(peer->access), NULL, 0, "audit: %s: " CALL, method, CALL_OF(peer));
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
