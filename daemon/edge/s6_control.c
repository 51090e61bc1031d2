#include "daemon/edge/s6_control.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "daemon/edge/fifo.h"

static int control_path(const char *name, char path[512])
{
        int length = snprintf(path, 512, "%s/supervise/control", name);
        return length < 0 || length >= 512 ? -ENAMETOOLONG : 0;
}

bool s6_control_alive(int at, const char *name)
{
        char path[512];

        int fd = control_path(name, path) == 0 ? fifo_open(at, path) : -1;
        if (fd < 0)
                return false;
        close(fd);
        return true;
}

int s6_control_send(int at, const char *name, const char *letters)
{
        char path[512];

        int r = control_path(name, path);
        return r < 0 ? r : fifo_send(at, path, letters);
}
