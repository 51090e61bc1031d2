/* SPDX-License-Identifier: ISC */
#include "daemon/methods/places.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

#include "daemon/session/server.h"

static bool is_there(int fd, const char *path)
{
        struct stat opened, found;

        return fstat(fd, &opened) == 0 && stat(path, &found) == 0 && opened.st_dev == found.st_dev &&
               opened.st_ino == found.st_ino;
}

unsigned places_check(struct server *server, void (*tell)(void *owner, const char *line), void *owner)
{
        const struct registry *registry = server->registry;
        const struct {
                const char *what;
                const char *path;
                int fd;
        } places[] = {
                {"scan directory", registry->scandir.path, registry->scandir.fd},
                {"services directory", registry->slots.path, registry->slots.fd},
                {"template", server->template_path, registry->slots.template_fd},
        };
        char line[PLACES_LINE_BYTES];
        unsigned count = 0;

        for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
                if (is_there(places[i].fd, places[i].path))
                        continue;
                snprintf(line, sizeof(line),
                         "the %s is not at %s any more: it was moved, removed or replaced: put it back, or "
                         "restart the "
                         "broker",
                         places[i].what, places[i].path);
                tell(owner, line);
                count++;
        }
        for (size_t i = 0; i < MENDER_LISTENERS; i++) {
                const struct listener *listener = server->mender.listeners[i];
                const char *lack = listener ? listener_lack(listener) : NULL;

                if (!lack)
                        continue;
                snprintf(line, sizeof(line), "the %s is not at %s any more: %s: %s", lack, listener->path,
                         listener->lost == -EADDRINUSE ? "two brokers may serve" : "nobody can connect",
                         listener_remedy(listener));
                tell(owner, line);
                mender_wake(&server->mender);
                count++;
        }
        return count;
}
