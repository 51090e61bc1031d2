#include "daemon/session/audit.h"

#include "daemon/log/log.h"
#include "proto/limits.h"
#include "proto/name.h"

#define WHO "audit: %s: uid=%u pid=%d connection=%lld call=%lld"
#define WHO_OF(peer, method)                                                                                 \
        (method), (unsigned)(peer)->identity.uid, (int)(peer)->identity.pid, (long long)(peer)->id,          \
                (long long)(peer)->request.call

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
        log_change(access_log_source(peer->access), known, shown, WHO " names=%u unknown=%u",
                   WHO_OF(peer, method), (unsigned)count, (unsigned)unknown);
}

void audit_profile(const struct peer *peer, const char *method, const char *profile)
{
        char name[LIMIT_SERVICE_NAME_BYTES + 1];

        name_service_of(profile, name, sizeof(name));
        log_change(access_log_source(peer->access), (const char *const[]){name}, 1, WHO,
                   WHO_OF(peer, method));
}

void audit_call(const struct peer *peer, const char *method)
{
        log_change(access_log_source(peer->access), NULL, 0, WHO, WHO_OF(peer, method));
}
