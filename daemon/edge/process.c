#include "daemon/edge/process.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

int process_start_time(pid_t pid, uint64_t *ticks)
{
        char path[64], line[1024];
        unsigned long long start = 0;
        char *at;

        snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
        FILE *file = fopen(path, "re");
        if (file == NULL)
                return -errno;
        at = fgets(line, sizeof line, file) == NULL ? NULL : strrchr(line, ')');
        fclose(file);
        /* Fields 3 to 22 are behind the command's name, which may hold anything. */
        if (at == NULL ||
            sscanf(at + 1,
                   " %*c %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s "
                   "%llu",
                   &start) != 1)
                return -EBADMSG;
        *ticks = start;
        return 0;
}
