#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <json-c/json.h>

#include "daemon/session/errors.h"
#include "daemon/session/methods.h"
#include "proto/fields.h"

/* What can be checked by looking. Each check is one line a person can act on. */
enum verdict {
        VERDICT_OK,
        VERDICT_WARNING,
        VERDICT_FAILURE,
};

static const char *const verdict_names[] = {"ok", "warning", "failure"};

struct diagnosis {
        struct server *server;
        struct text *text;
        unsigned count;
};

__attribute__((format(printf, 5, 6))) static void check(struct diagnosis *diagnosis, const char *name,
                                                        enum verdict verdict, const char *advice,
                                                        const char *format, ...)
{
        struct text *text = diagnosis->text;
        char detail[1024];
        va_list arguments;

        va_start(arguments, format);
        vsnprintf(detail, sizeof(detail), format, arguments);
        va_end(arguments);
        text_append_string(text, diagnosis->count++ ? ",{\"name\":" : "{\"name\":");
        text_append_json_string(text, name);
        text_append_string(text, ",\"verdict\":");
        text_append_json_string(text, verdict_names[verdict]);
        text_append_string(text, ",\"detail\":");
        text_append_json_string(text, detail);
        if (verdict != VERDICT_OK) {
                text_append_string(text, ",\"advice\":");
                text_append_json_string(text, advice);
        }
        text_append_string(text, "}");
}

static void check_pid1(struct diagnosis *diagnosis)
{
        char name[32] = "";
        FILE *file = fopen("/proc/1/comm", "re");

        if (file) {
                if (!fgets(name, sizeof(name), file))
                        name[0] = 0;
                fclose(file);
        }
        name[strcspn(name, "\n")] = 0;
        check(diagnosis, "pid1", strcmp(name, "s6-svscan") ? VERDICT_WARNING : VERDICT_OK,
              "make s6-overlay's /init the container's entry point, and start it without another init",
              "process 1 is %s", name[0] ? name : "not readable");
}

static void check_scandir(struct diagnosis *diagnosis)
{
        const struct registry *registry = diagnosis->server->registry;
        bool running = scandir_is_running(&registry->scandir);
        unsigned used = registry_supervisors(registry);

        check(diagnosis, "scandir", running ? VERDICT_OK : VERDICT_FAILURE,
              "start s6-svscan on that directory, or start the broker with --scandir of the one that runs",
              "%s s6-svscan on %s", running ? "there is an" : "there is no", registry->scandir.path);
        check(diagnosis, "capacity",
              used + 2 > registry->services_max        ? VERDICT_FAILURE
              : used * 10 > registry->services_max * 9 ? VERDICT_WARNING
                                                       : VERDICT_OK,
              "raise s6-svscan's services_max (-C) and the broker's --services-max together",
              "%u of %u supervisors in use, loggers included", used, registry->services_max);
}

static void check_rights(struct diagnosis *diagnosis)
{
        const struct server *server = diagnosis->server;

        if (server->access.own_uid == server->access.client_uid)
                check(diagnosis, "boundary", VERDICT_WARNING, "start the container's init as root",
                      "broker and clients have the same uid: there is no boundary between them");
        else
                check(diagnosis, "boundary", VERDICT_OK, "", "clients have uid %u, the broker %u",
                      (unsigned)server->access.client_uid, (unsigned)server->access.own_uid);
        check(diagnosis, "capabilities", server->rights.can_switch ? VERDICT_OK : VERDICT_WARNING,
              "give the container CAP_SETUID and CAP_SETGID", "%s",
              server->rights.can_switch
                      ? "CAP_SETUID and CAP_SETGID are kept, nothing else"
                      : "CAP_SETUID or CAP_SETGID is missing: the client group cannot be set");
        check(diagnosis, "bounding_set", server->rights.bounding_shrunk ? VERDICT_OK : VERDICT_WARNING,
              "give the container CAP_SETPCAP (a last line of defence, not needed to work)", "%s",
              server->rights.bounding_shrunk ? "shrunk" : "it could not be shrunk");
}

static void check_audit(struct diagnosis *diagnosis, const char *name, const char *path)
{
        char *culprit = NULL;
        int result = rights_audit(path, &culprit);

        if (result == 0)
                check(diagnosis, name, VERDICT_OK, "", "only root can change %s", path);
        else if (result > 0)
                check(diagnosis, name, VERDICT_FAILURE, "make it root's, and writable by nobody else",
                      "others than root can write %s", culprit);
        else
                check(diagnosis, name, VERDICT_FAILURE, "make it again, or correct the broker's options",
                      "%s: %s", path, strerror(-result));
        free(culprit);
}

static void check_paths(struct diagnosis *diagnosis)
{
        const struct server *server = diagnosis->server;
        char path[4096];
        ssize_t length = readlink("/proc/self/exe", path, sizeof(path) - 1);
        char *slash;

        check_audit(diagnosis, "permissions_scandir", server->registry->scandir.path);
        check_audit(diagnosis, "permissions_services", server->registry->slots.path);
        check_audit(diagnosis, "permissions_template", server->template_path);
        if (length > 0) {
                path[length] = 0;
                check_audit(diagnosis, "permissions_binary", path);
        }
        snprintf(path, sizeof(path), "%s", server->socket_path);
        slash = strrchr(path, '/');
        if (slash && slash != path)
                *slash = 0;
        check_audit(diagnosis, "permissions_socket", path);
}

static void check_socket(struct diagnosis *diagnosis)
{
        struct stat info;
        const char *path = diagnosis->server->socket_path;

        if (lstat(path, &info) < 0 || !S_ISSOCK(info.st_mode))
                check(diagnosis, "socket", VERDICT_FAILURE, "restart the broker", "%s is not there", path);
        else
                check(diagnosis, "socket", (info.st_mode & 07777) == 0660 ? VERDICT_OK : VERDICT_WARNING,
                      "restart the broker, which makes it with mode 0660", "%s has mode %04o, group %u", path,
                      (unsigned)info.st_mode & 07777, (unsigned)info.st_gid);
}

static void check_loggers(struct diagnosis *diagnosis)
{
        const struct registry *registry = diagnosis->server->registry;
        unsigned down = 0;
        const char *first = "";

        for (size_t i = 0; i < registry->count; i++)
                if (!registry->services[i]->shown.log_running) {
                        first = down++ ? first : registry->services[i]->name;
                }
        if (down)
                check(diagnosis, "loggers", VERDICT_WARNING,
                      "look at the container's log for what s6-log says",
                      "%u loggers do not run, the first is %s/log", down, first);
        else
                check(diagnosis, "loggers", VERDICT_OK, "", "every logger runs");
}

static void check_services(struct diagnosis *diagnosis)
{
        const struct registry *registry = diagnosis->server->registry;

        for (size_t i = 0; i < registry->count; i++) {
                const struct service *service = registry->services[i];

                if (service->shown.state == STATE_UNSUPERVISED)
                        check(diagnosis, "supervision", VERDICT_FAILURE,
                              "see whether s6-svscan has reached its services_max; then unregister and "
                              "register it",
                              "%s has no s6-supervise", service->name);
        }
}

static const struct field no_fields[] = {{NULL, FIELD_STRING, false, 0, NULL}};

void method_diagnose(struct peer *peer, const struct call *call)
{
        struct text text;
        struct diagnosis diagnosis = {.server = peer->server, .text = &text};
        const char *wrong = fields_read(call->parameters, no_fields, NULL);

        if (wrong) {
                errors_parameter(peer, wrong);
                return;
        }
        text_init(&text);
        text_append_string(&text, "{\"checks\":[");
        check_pid1(&diagnosis);
        check_scandir(&diagnosis);
        check_rights(&diagnosis);
        check_socket(&diagnosis);
        check_paths(&diagnosis);
        check_loggers(&diagnosis);
        check_services(&diagnosis);
        text_append_string(&text, "]}");
        if (text.failed)
                peer->closing = true;
        else
                peer_reply(peer, text.bytes, text.length, false);
        text_deinit(&text);
}
