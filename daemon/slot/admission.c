/* SPDX-License-Identifier: ISC */
#include "daemon/slot/admission.h"

#include <errno.h>

#include <json-c/json.h>

#include "daemon/edge/slot_environment.h"
#include "daemon/service/registry.h"
#include "proto/limits.h"

const struct fault admission_no_room = {
        .kind = FAULT_SYSTEM, .text = "keep room on the file system of the slots", .error = ENOSPC};

bool admission_is_short(struct registry *registry)
{
        struct room room;

        registry_read_room(registry, &room);
        return room_is_short(&room, ROOM_RESERVED_BYTES, ROOM_RESERVED_INODES, ROOM_RESERVED_SHARE);
}

/* Variables that take less than before are always admitted. */
static struct fault admission_of_bytes(const struct registry *registry, size_t before, size_t bytes)
{
        if (bytes <= before ||
            registry_environment_bytes(registry) - before + bytes <= LIMIT_ENVIRONMENT_TOTAL_BYTES)
                return (struct fault){.kind = FAULT_NONE};
        return (struct fault){.kind = FAULT_LIMIT,
                              .text = "environment_total_bytes",
                              .number = LIMIT_ENVIRONMENT_TOTAL_BYTES};
}

struct fault admission_of_slot(struct registry *registry, struct json_object *environment, bool essential)
{
        struct fault fault;

        if (registry_room(registry) == 0 && registry_lacks_descriptors(registry))
                return (struct fault){.kind = FAULT_TOO_MANY_SERVICES,
                                      .cause = FAULT_CAUSE_DESCRIPTORS,
                                      .number = registry_supervisors(registry)};
        if (registry_room(registry) == 0)
                return (struct fault){.kind = FAULT_TOO_MANY_SERVICES, .number = registry->services_max};
        if (!scandir_is_heard(&registry->scandir))
                return (struct fault){.kind = FAULT_UNSUPERVISED,
                                      .text = "no s6-svscan runs on the scan directory"};
        if (essential)
                return (struct fault){.kind = FAULT_NONE};
        fault = admission_of_bytes(registry, 0, environment_weight(environment));
        return fault.kind || !admission_is_short(registry) ? fault : admission_no_room;
}

struct fault admission_of_environment(const struct service *service, struct json_object *environment)
{
        return admission_of_bytes(service->registry, service->environment_bytes,
                                  environment_weight(environment));
}

bool admission_has_environment(const struct service *service, struct json_object *environment)
{
        struct json_object *has = NULL;
        bool same;

        if (slot_read_environment(&service->registry->slots, service->name, &has))
                return false;
        same = has ? json_object_equal(has, environment) : json_object_object_length(environment) == 0;
        json_object_put(has);
        return same;
}
