#include "daemon/edge/volume.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/bounds.h"
#include "daemon/edge/volume_resolve.h"

/* Those of a broker that runs are younger than it is. */
static bool is_older(int directory, const char *name, int64_t before_usec)
{
        struct stat found;

        return fstatat(directory, name, &found, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(found.st_mode) &&
               found.st_mtim.tv_sec * INT64_C(1000000) + found.st_mtim.tv_nsec / 1000 < before_usec;
}

/* With a character behind it, where another replacement hung. */
static bool is_temporary(const char *name)
{
        const char *ending =
                *name == '.' && name[1] != '\0' ? strstr(name + 2, VOLUME_TEMPORARY_ENDING) : NULL;

        for (; ending; ending = strstr(ending + 1, VOLUME_TEMPORARY_ENDING))
                if (strlen(ending) <= strlen(VOLUME_TEMPORARY_ENDING) + 1)
                        return true;
        return false;
}

void volume_remove_older(int volume, const char *path, int64_t before_usec)
{
        const char *name = NULL;
        int directory = volume_parent(volume, path, O_PATH, 0, &name);

        if (directory < 0)
                return;
        if (is_older(directory, name, before_usec))
                volume_remove_at(directory, name);
        close(directory);
}

void volume_sweep(int volume, const char *path, int64_t before_usec)
{
        const struct dirent *entry;
        int fd = volume_resolve(volume, path, O_RDONLY);
        DIR *directory;

        if (fd < 0)
                return;
        directory = fdopendir(fd);
        if (!directory) {
                close(fd);
                return;
        }
        /* The client may have put a million files there: the next time there are fewer of those that are
         * ours. */
        for (unsigned i = 0; i < SWEEP_ENTRIES_MAX && (entry = readdir(directory)); i++)
                if (is_temporary(entry->d_name) && is_older(fd, entry->d_name, before_usec))
                        volume_remove_at(fd, entry->d_name);
        closedir(directory);
}
