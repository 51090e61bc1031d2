/* SPDX-License-Identifier: ISC */
/*
 * What a broker, or whoever listens in its place, answers: how the C library takes it apart, and what svcctl makes of it. The first
 * byte says how the terminal looks.
 */
#include <errno.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <json-c/json.h>

#include "client/lib/svcbroker.h"
#include "client/say/list.h"
#include "client/say/page.h"
#include "client/say/show.h"
#include "client/talk/failure.h"
#include "client/talk/progress.h"
#include "client/talk/roster.h"
#include "client/text/document.h"
#include "proto/json.h"
#include "proto/limits.h"

#include "shown.h"

#define CALLS 3
#define REPLIES_MOST 64

static int listener(struct sockaddr_un *address)
{
        static struct sockaddr_un bound = {.sun_family = AF_UNIX};
        static int fd = -1;

        if (fd < 0) {
                snprintf(bound.sun_path, sizeof(bound.sun_path), "%s/socket", fuzz_directory());
                fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
                must(fd >= 0 && bind(fd, (struct sockaddr *)&bound, sizeof(bound)) == 0 && listen(fd, 1) == 0);
        }
        *address = bound;
        return fd;
}

static void check_text(char *text, const struct look *look)
{
        must(text);
        check_shown(text, strlen(text), look->utf8 ? PRINTABLE_UTF8 : look->printable, false, look->colour);
        free(text);
}

static struct json_object *member(struct json_object *object, const char *name, enum json_type type)
{
        struct json_object *value = NULL;

        return json_object_object_get_ex(object, name, &value) && json_object_is_type(value, type) ? value : NULL;
}

/* What is printed, rather than returned, is caught. */
static void check_printed(struct json_object *parameters, const char *error)
{
        FILE *output = stdout, *complaint = stderr;
        struct json_object *outcomes = member(parameters, "outcomes", json_type_array);
        struct json_object *event = member(parameters, "event", json_type_string);
        char *text = NULL, *said = NULL;
        size_t size, said_size;

        stdout = open_memstream(&text, &size);
        stderr = open_memstream(&said, &said_size);
        if (outcomes)
                show_outcomes(outcomes, NULL, 20);
        if (event)
                show_event(json_object_get_string(event), member(parameters, "service", json_type_object));
        if (error)
                failure_report(error, parameters, "subject");
        document_write(parameters);
        document_write_pretty(parameters);
        fclose(stdout);
        fclose(stderr);
        stdout = output;
        stderr = complaint;
        check_shown(text, size, PRINTABLE_BYTES, false, false);
        check_shown(said, said_size, PRINTABLE_BYTES, false, false);
        free(text);
        free(said);
}

static void check_roster(struct json_object *parameters)
{
        struct json_object *event = member(parameters, "event", json_type_string);
        char summary[ROSTER_SUMMARY_BYTES];
        struct json_object *all;
        struct progress progress;
        struct roster roster;

        roster_init(&roster);
        progress_init(&progress, NULL, 0);
        for (int i = 0; i < 2; i++) {
                must(roster_take(&roster, event ? json_object_get_string(event) : "present",
                                 member(parameters, "service", json_type_object)) == 0);
                progress_note(&progress, member(parameters, "service", json_type_object), i);
        }
        must(strlen(roster_summary(&roster, summary)) < sizeof(summary));
        all = roster_array(&roster);
        must(all && json_object_array_length(all) <= 1);
        json_object_put(all);
        free(progress_text(&progress, 5, 40));
        progress_deinit(&progress);
        roster_deinit(&roster);
}

static void check_said(const char *parameters, const char *error, unsigned how)
{
        const struct look look = {
                .colour = how & 1,
                .symbols = how & 2,
                .utf8 = (how & 12) == 4,
                .printable = (how & 12) == 0   ? PRINTABLE_ASCII
                             : (how & 12) == 4 ? PRINTABLE_UTF8
                                               : PRINTABLE_BYTES,
                .columns = how & 16 ? 10 + (how >> 4) * 7 : 0,
                .now_usec = INT64_C(1800000000000000),
        };
        const struct json_bounds bounds = {JSON_DEPTH_MAX, LIMIT_REPLY_BYTES, 0};
        struct json_object *object = NULL, *services, *service;

        must(json_strict_parse(parameters, strlen(parameters), bounds, &object, NULL) == JSON_OK);
        must(json_object_is_type(object, json_type_object));
        services = member(object, "services", json_type_array);
        service = member(object, "service", json_type_object);
        if (services) {
                check_text(list_table(services, &look), &look);
                check_text(list_text(services, &look), &look);
        }
        if (service) {
                check_text(page_text(service, &look), &look);
                check_text(page_why_text(service, &look), &look);
        }
        check_roster(object);
        check_printed(object, error);
        json_object_put(object);
}

static bool is_end(int result)
{
        return result == -EPROTO || result == -ECONNRESET || result == -EMSGSIZE || result == -ENODATA;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct svcbroker *connection = NULL;
        struct svcbroker_reply reply;
        struct sockaddr_un address;
        int accepted, result = 0, listening = listener(&address);

        if (size < 2)
                return -1;
        must(svcbroker_connect(address.sun_path, 1000, &connection) == 0);
        accepted = accept(listening, NULL, NULL);
        must(accepted >= 0 && send(accepted, data + 1, size - 1, MSG_NOSIGNAL) == (ssize_t)size - 1);
        must(shutdown(accepted, SHUT_WR) == 0);
        for (int i = 0; i < CALLS; i++)
                must(svcbroker_queue(connection, "io.svcbroker.Watch", "{\"a\":1}", SVCBROKER_MORE) == 0);
        for (int i = 0; i < REPLIES_MOST && result == 0; i++) {
                result = svcbroker_receive(connection, 1000, &reply);
                must(result == 0 || is_end(result));
                must(*svcbroker_strerror(result));
                if (result == 0)
                        check_said(reply.parameters, reply.error, data[0]);
        }
        close(accepted);
        svcbroker_close(connection);
        return 0;
}
