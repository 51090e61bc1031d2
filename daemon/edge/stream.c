/* SPDX-License-Identifier: ISC */
#include "daemon/edge/stream.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/loop/stall.h"

#ifndef SO_PASSRIGHTS
#define SO_PASSRIGHTS 83 /* Linux 6.16: 0 refuses SCM_RIGHTS; what is accepted inherits it */
#endif

void streams_init(struct streams *streams)
{
        streams->may_carry = false;
        streams->pending_most = CLOSER_PENDING;
        closer_init(&streams->closer);
}

void streams_prepare(struct streams *streams, int fd)
{
        const int off = 0;

        if (setsockopt(fd, SOL_SOCKET, SO_PASSRIGHTS, &off, sizeof(off)) == 0)
                return;
        streams->may_carry = true;
        stall_guard_enable();
}

int streams_begin(struct streams *streams)
{
        return streams->may_carry ? closer_begin(&streams->closer) : 0;
}

bool streams_are_full(const struct streams *streams)
{
        return closer_pending(&streams->closer) >= streams->pending_most;
}

/* An urgent byte may carry descriptors, too. MSG_PEEK skips it, and the read behind that drops it, unless
 * SO_OOBINLINE has made it a byte like others. */
int stream_accept(const struct streams *streams, int listener)
{
        const int on = 1;
        int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

        if (fd >= 0 && streams->may_carry)
                setsockopt(fd, SOL_SOCKET, SO_OOBINLINE, &on, sizeof(on));
        return fd;
}

/*
 * A look (MSG_PEEK) leaves everything where it is, and says whether there would have been more than bytes.
 * Nobody else takes bytes out, so the read gets those that the look saw, and no others.
 */
static ssize_t receive_bytes_alone(int fd, char *bytes, size_t size)
{
        struct iovec piece = {bytes, size};
        struct msghdr message = {.msg_iov = &piece, .msg_iovlen = 1};
        ssize_t length = recvmsg(fd, &message, MSG_DONTWAIT | MSG_PEEK);

        if (length <= 0)
                return length;
        if (message.msg_flags & MSG_CTRUNC) {
                errno = EBADMSG;
                return -1;
        }
        return recv(fd, bytes, (size_t)length, MSG_DONTWAIT);
}

ssize_t stream_receive(const struct streams *streams, int fd, char *bytes, size_t size)
{
        ssize_t length;

        if (!streams->may_carry)
                return recv(fd, bytes, size, MSG_DONTWAIT);
        stall_guard_begin();
        length = receive_bytes_alone(fd, bytes, size);
        stall_guard_end();
        return length;
}

/* Up to Linux 6.7 whoever sends may have to collect, as garbage, sockets that were passed round in a ring. */
ssize_t stream_send(const struct streams *streams, int fd, const char *bytes, size_t length)
{
        ssize_t sent;

        if (!streams->may_carry)
                return send(fd, bytes, length, MSG_NOSIGNAL | MSG_DONTWAIT);
        stall_guard_begin();
        sent = send(fd, bytes, length, MSG_NOSIGNAL | MSG_DONTWAIT);
        stall_guard_end();
        return sent;
}

void stream_close(struct streams *streams, int fd)
{
        if (!streams->may_carry) {
                close(fd);
                return;
        }
        shutdown(fd, SHUT_RDWR); /* a thread closes it later */
        if (!closer_take(&streams->closer, fd)) {
                stall_guard_begin();
                close(fd);
                stall_guard_end();
        }
}

int stream_replace(struct streams *streams, int fd, int other)
{
        int old = fcntl(fd, F_DUPFD_CLOEXEC, 0);
        int result = old >= 0 && dup3(other, fd, O_CLOEXEC) >= 0 ? 0 : -errno;

        close(other); /* nothing was sent to it yet, or `fd` holds it as well */
        if (old >= 0 && result == 0)
                stream_close(streams, old);
        else if (old >= 0)
                close(old);
        return result;
}
