/* SPDX-License-Identifier: ISC */
#include "client.h"

#include <stdlib.h>
#include <string.h>

#include "daemon/session/describe.h"
#include "daemon/session/server.h"

/* A Watcher puts together what it is told of; in the end that is what List says. */

static unsigned place_of(const struct picture *picture, const char *name)
{
        for (unsigned i = 0; i < picture->count; i++)
                if (strcmp(picture->services[i].name, name) == 0)
                        return i;
        return picture->count;
}

static const char *string_of(struct json_object *object, const char *name)
{
        struct json_object *member = NULL;

        return json_object_object_get_ex(object, name, &member) ? json_object_get_string(member) : "";
}

static bool is_watched(const struct client *client, const char *name)
{
        for (unsigned i = 0; i < client->watched_count; i++)
                if (strcmp(client->watched[i], name) == 0)
                        return true;
        return client->watched_count == 0;
}

static void begin_picture(struct client *client)
{
        const struct call_sent *call = client_first(client);

        client->picture.count = 0;
        client->watched_count = call->count;
        memcpy(client->watched, call->names, sizeof(client->watched));
}

void client_take_event(struct client *client, struct json_object *parameters)
{
        struct picture *picture = &client->picture;
        struct json_object *service = NULL;
        const char *event = string_of(parameters, "event");
        const char *name, *text;
        unsigned place;

        if (!client->watches)
                begin_picture(client);
        SIM_HOLDS(json_object_object_get_ex(parameters, "service", &service), "watch-form",
                  "client %u: an event of nothing", client->number);
        name = string_of(service, "name");
        place = place_of(picture, name);
        SIM_HOLDS(is_watched(client, name), "watch-form",
                  "client %u: an event of %s, which it does not watch", client->number, name);
        SIM_HOLDS((strcmp(event, "present") == 0) == (place == picture->count), "watch-form",
                  "client %u: %s of %s, which it %s", client->number, event, name,
                  place == picture->count ? "does not know" : "knows");
        if (strcmp(event, "removed") == 0) {
                picture->services[place] = picture->services[--picture->count];
                return;
        }
        text = json_object_to_json_string_ext(service, JSON_C_TO_STRING_PLAIN);
        SIM_HOLDS(place < CLIENT_SERVICES && strlen(text) < CLIENT_SERVICE_BYTES, "watch-form",
                  "client %u: more than there can be", client->number);
        strncpy(picture->services[place].name, name, CLIENT_NAME_BYTES - 1);
        strcpy(picture->services[place].text, text);
        picture->count += place == picture->count;
}

/* As List would have it now. */
static struct json_object *described(struct service *service)
{
        struct json_object *object;
        struct text text;

        text_init(&text);
        describe_service(sim_server(), service, &text);
        text_append(&text, "", 1);
        object = text.failed ? NULL : json_tokener_parse(text.bytes);
        text_deinit(&text);
        return object;
}

void client_check_picture(const struct client *client)
{
        const struct registry *registry = sim_server()->registry;
        unsigned known = 0;

        for (size_t i = 0; i < registry->count; i++) {
                struct service *service = registry->services[i];
                struct json_object *object;
                const char *text;
                unsigned place = place_of(&client->picture, service->name);

                if (!is_watched(client, service->name))
                        continue;
                SIM_HOLDS(place < client->picture.count, "watch-is-list",
                          "client %u: a Watcher does not know of %s", client->number, service->name);
                object = described(service);
                text = json_object_to_json_string_ext(object, JSON_C_TO_STRING_PLAIN);
                SIM_HOLDS(strcmp(text, client->picture.services[place].text) == 0, "watch-is-list",
                          "client %u: a Watcher was told %s, and it is %s", client->number,
                          client->picture.services[place].text, text);
                json_object_put(object);
                known++;
        }
        SIM_HOLDS(known == client->picture.count, "watch-is-list",
                  "client %u: a Watcher knows %u services, and there are %u", client->number,
                  client->picture.count, known);
}
