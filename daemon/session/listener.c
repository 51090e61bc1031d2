/* SPDX-License-Identifier: ISC */
#include "daemon/session/listener.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "daemon/bounds.h"
#include "daemon/edge/lock.h"
#include "daemon/log/log.h"
#include "daemon/edge/rights_audit.h"
#include "daemon/judge/shortage.h"
#include "daemon/loop/pace.h"
#include "proto/limits.h"
#include "proto/sysname.h"

#define LOCK_PATH_BYTES (sizeof(((struct sockaddr_un *)0)->sun_path) + sizeof(".lock"))

static void listener_readable(uv_poll_t *poll, int status, int events);

static void listener_resume(uv_timer_t *timer)
{
        struct listener *listener = timer->data;

        uv_poll_start(&listener->poll, UV_READABLE, listener_readable);
}

static void listener_pause(struct listener *listener, const char *why)
{
        log_event("listener: accept: %s", why);
        uv_poll_stop(&listener->poll);
        uv_timer_start(&listener->pause, listener_resume, LISTENER_PAUSE_MSEC, 0);
}

static void listener_readable(uv_poll_t *poll, int status, int events)
{
        struct listener *listener = poll->data;

        (void)status;
        (void)events;
        pace_woken();
        for (int i = 0; i < LISTENER_ACCEPTS_PER_TURN && listener->fd >= 0; i++) {
                int fd;

                if (streams_are_full(listener->streams)) {
                        listener_pause(listener, "closing");
                        return;
                }
                fd = stream_accept(listener->streams, listener->fd);
                if (fd >= 0) {
                        listener->accepted(listener->owner, fd);
                        continue;
                }
                if (errno == ECONNABORTED || errno == EINTR)
                        continue;
                if (shortage_is_why(-errno) || errno == ENOBUFS)
                        listener_pause(listener, sysname_error(errno));
                break;
        }
}

static const char *lock_path(const struct listener *listener, char path[LOCK_PATH_BYTES])
{
        snprintf(path, LOCK_PATH_BYTES, "%s.lock", listener->path);
        return path;
}

/* Takes the lock. The lock, not the socket's file, says whether a broker serves: the file survives a SIGKILL.
 * A former lock is let go once there is a new one. */
static int listener_lock(struct listener *listener)
{
        char path[LOCK_PATH_BYTES];
        int fd = lock_take(lock_path(listener, path));

        if (fd < 0)
                return fd;
        if (listener->lock_fd >= 0)
                close(listener->lock_fd);
        listener->lock_fd = fd;
        return 0;
}

/* Takes the lock again, if its file is away or is another file by now. */
static int listener_lock_again(struct listener *listener)
{
        char path[LOCK_PATH_BYTES];

        return lock_is_at(listener->lock_fd, lock_path(listener, path)) ? 0 : listener_lock(listener);
}

/* Returns a new socket, bound and listening, or a negative errno. */
static int listener_bind(struct listener *listener, struct socket_file *file)
{
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        int result;

        if (fd < 0)
                return -errno;
        streams_prepare(listener->streams, fd);
        result = socket_file_bind(fd, listener->path, listener->gid, file);
        if (result == 0 && listen(fd, LIMIT_CONNECTIONS) < 0)
                result = -errno;
        if (result == 0)
                return fd;
        stream_close(listener->streams, fd);
        return result;
}

int listener_open(struct listener *listener, uv_loop_t *loop, struct streams *streams, const char *path,
                  gid_t gid, void (*accepted)(void *owner, int fd), void *owner)
{
        int result;

        *listener = (struct listener){.fd = -1,
                                      .lock_fd = -1,
                                      .path = path,
                                      .gid = gid,
                                      .streams = streams,
                                      .accepted = accepted,
                                      .owner = owner};
        if (strlen(path) >= sizeof(((struct sockaddr_un *)0)->sun_path))
                return -ENAMETOOLONG;
        result = listener_lock(listener);
        if (result < 0)
                return result;
        listener->fd = listener_bind(listener, &listener->file);
        if (listener->fd < 0) {
                result = listener->fd;
                close(listener->lock_fd);
                listener->fd = listener->lock_fd = -1;
                return result;
        }
        uv_poll_init(loop, &listener->poll, listener->fd);
        uv_timer_init(loop, &listener->pause);
        listener->poll.data = listener->pause.data = listener;
        return uv_poll_start(&listener->poll, UV_READABLE, listener_readable);
}

static void listener_closed(uv_handle_t *handle)
{
        struct listener *listener = handle->data;

        stream_close(listener->streams, listener->fd);
        close(listener->lock_fd);
        listener->fd = listener->lock_fd = -1;
}

void listener_close(struct listener *listener)
{
        if (listener->fd < 0 || uv_is_closing((uv_handle_t *)&listener->poll))
                return;
        uv_close((uv_handle_t *)&listener->poll, listener_closed);
        uv_close((uv_handle_t *)&listener->pause, NULL);
}

bool listener_is_there(const struct listener *listener)
{
        char path[LOCK_PATH_BYTES];

        return socket_file_is_at(&listener->file, listener->path) &&
               lock_is_at(listener->lock_fd, lock_path(listener, path));
}

/* Makes the directory of the socket, if asked to, and checks that only root can write there: 0, or -EPERM
 * where others can, or another negative errno. */
static int listener_directory(const struct listener *listener, bool make)
{
        char directory[sizeof(((struct sockaddr_un *)0)->sun_path)];
        char *culprit = NULL;
        int result;

        snprintf(directory, sizeof(directory), "%s", listener->path);
        *strrchr(directory, '/') = '\0'; /* the socket is in a directory of its own */
        if (make)
                socket_file_make_directory(directory);
        result = rights_audit(directory, &culprit);
        free(culprit);
        return result > 0 ? -EPERM : result;
}

/* Accepts all that have connected to the old socket, which would be lost with it otherwise. */
static void listener_take_all(struct listener *listener)
{
        for (int i = 0; i < LIMIT_CONNECTIONS && !streams_are_full(listener->streams); i++) {
                int fd = stream_accept(listener->streams, listener->fd);

                if (fd < 0)
                        return;
                listener->accepted(listener->owner, fd);
        }
}

static int listener_bind_again(struct listener *listener)
{
        struct socket_file file;
        int fd = listener_bind(listener, &file);
        int result;

        if (fd < 0)
                return fd;
        listener_take_all(listener);
        uv_poll_stop(&listener->poll);
        result = stream_replace(listener->streams, listener->fd, fd);
        if (!uv_is_active((uv_handle_t *)&listener->pause))
                uv_poll_start(&listener->poll, UV_READABLE, listener_readable);
        if (result)
                return result;
        listener->file = file;
        log_event("listener: its file was gone, and is made anew: path=%s", listener->path);
        return 0;
}

void listener_mend(struct listener *listener, bool make_directory)
{
        bool there;
        int result = 0;

        if (listener->fd < 0 || uv_is_closing((uv_handle_t *)&listener->poll)) /* there may be no path */
                return;
        there = socket_file_is_at(&listener->file, listener->path);
        if (!listener_is_there(listener)) {
                result = listener_directory(listener, make_directory);
                /* While the lock is not in its place, another broker may begin to serve unnoticed. */
                if (result == 0)
                        result = listener_lock_again(listener);
                if (result == 0 && !there)
                        result = listener_bind_again(listener);
        }
        if (result && result != listener->lost)
                log_event("listener: its file is gone, and cannot be made anew: path=%s why=%s",
                          listener->path, sysname_error(-result));
        listener->lost = result;
}

const char *listener_lack(const struct listener *listener)
{
        if (listener->fd < 0 || listener_is_there(listener))
                return NULL;
        return socket_file_is_at(&listener->file, listener->path) ? "lock of the socket" : "socket";
}

const char *listener_remedy(const struct listener *listener)
{
        switch (-listener->lost) {
        case 0:
                return "it is made anew within a second";
        case EEXIST:
                return "something else has its name: remove that, and it is made anew";
        case EPERM:
                return "users other than root can write its directory, or one above it: make that root's "
                       "and chmod go-w it, and it is made anew";
        case EADDRINUSE:
                return "another svcbrokerd has its lock: end that one, and it is made anew";
        case ENOENT:
        case ENOTDIR:
                return "its directory is gone: put it back";
        default:
                return "it cannot be made anew, which is tried each second: restart the broker if that does "
                       "not end";
        }
}
