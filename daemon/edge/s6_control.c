#include "daemon/edge/s6_control.h"

#include <errno.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "daemon/edge/fifo.h"

static int control_path(const char *name, char path[512])
{
        int length = snprintf(path, 512, "%s/supervise/control", name);

        return length < 0 || length >= 512 ? -ENAMETOOLONG : 0;
}

bool s6_control_is_gone(int result)
{
        switch (result) {
        case -ENXIO:  /* nobody reads it, or it is no FIFO */
        case -ELOOP:  /* a link */
        case -EISDIR: /* a directory */
        case -ENOENT: /* there is none, nor the directory that it is in */
        case -ENOTDIR:
                return true;
        default:
                return false;
        }
}

int s6_control_alive(int at, const char *name)
{
        char path[512];
        int result = control_path(name, path);
        int fd = result < 0 ? result : fifo_open(at, path);

        if (fd < 0)
                return s6_control_is_gone(fd) ? 0 : fd;
        close(fd);
        return 1;
}

unsigned s6_control_unread(int at, const char *name)
{
        char path[512];
        int bytes = 0;
        int fd = control_path(name, path) == 0 ? fifo_open(at, path) : -1;

        if (fd < 0)
                return 0;
        if (ioctl(fd, FIONREAD, &bytes) < 0)
                bytes = 0;
        close(fd);
        return (unsigned)bytes;
}

int s6_control_send(int at, const char *name, const char *letters)
{
        char path[512];
        int result = control_path(name, path);

        return result < 0 ? result : fifo_send(at, path, letters);
}
