#include "daemon/session/listener.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "daemon/edge/lock.h"
#include "daemon/edge/log.h"
#include "daemon/edge/rights.h"
#include "proto/limits.h"

#define ACCEPTS_PER_TURN 16
#define PAUSE_MSEC 100

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
        uv_timer_start(&listener->pause, listener_resume, PAUSE_MSEC, 0);
}

static void listener_readable(uv_poll_t *poll, int status, int events)
{
        struct listener *listener = poll->data;

        (void)status;
        (void)events;
        for (int i = 0; i < ACCEPTS_PER_TURN && listener->fd >= 0; i++) {
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
                if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
                        listener_pause(listener, strerrorname_np(errno));
                break;
        }
}

/* The lock, not the socket's file, says whether somebody serves: the file survives a SIGKILL. */
static int listener_lock(struct listener *listener, const char *path)
{
        char lock_path[sizeof(((struct sockaddr_un *)0)->sun_path) + 8];

        snprintf(lock_path, sizeof(lock_path), "%s.lock", path);
        listener->lock_fd = lock_take(lock_path);
        return listener->lock_fd < 0 ? listener->lock_fd : 0;
}

static int listener_bind(struct listener *listener, const char *path, gid_t gid)
{
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        struct stat info;
        mode_t mask;
        bool grouped;
        int result;

        snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
        if (lstat(path, &info) == 0) {
                if (!S_ISSOCK(info.st_mode))
                        return -EEXIST;
                unlink(path);
        }
        listener->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        if (listener->fd < 0)
                return -errno;
        streams_prepare(listener->streams, listener->fd);
        mask = umask(0117);
        grouped = rights_group_begin(gid);
        result = bind(listener->fd, (struct sockaddr *)&address, sizeof(address)) < 0 ? -errno : 0;
        if (grouped)
                rights_group_end();
        umask(mask);
        if (result == 0 && listen(listener->fd, LIMIT_CONNECTIONS) < 0)
                result = -errno;
        return result;
}

int listener_open(struct listener *listener, uv_loop_t *loop, struct streams *streams, const char *path,
                  gid_t gid, void (*accepted)(void *owner, int fd), void *owner)
{
        int result;

        *listener = (struct listener){
                .fd = -1, .lock_fd = -1, .streams = streams, .accepted = accepted, .owner = owner};
        if (strlen(path) >= sizeof(((struct sockaddr_un *)0)->sun_path))
                return -ENAMETOOLONG;
        result = listener_lock(listener, path);
        if (result == 0)
                result = listener_bind(listener, path, gid);
        if (result) {
                if (listener->fd >= 0)
                        stream_close(listener->streams, listener->fd);
                if (listener->lock_fd >= 0)
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
