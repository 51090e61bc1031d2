#include "daemon/session/places.h"

#include <stdio.h>
#include <sys/stat.h>

#include "daemon/session/server.h"

static bool is_there(int fd, const char *path)
{
        struct stat opened, found;

        return fstat(fd, &opened) == 0 && stat(path, &found) == 0 && opened.st_dev == found.st_dev &&
               opened.st_ino == found.st_ino;
}

unsigned places_check(const struct server *server, void (*tell)(void *owner, const char *line), void *owner)
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
        struct stat info;

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
        if (lstat(server->socket_path, &info) < 0 || !S_ISSOCK(info.st_mode)) {
                snprintf(line, sizeof(line),
                         "the socket is not at %s any more: nobody can connect: put its directory back, or "
                         "restart the "
                         "broker",
                         server->socket_path);
                tell(owner, line);
                count++;
        }
        return count;
}
