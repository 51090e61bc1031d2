/* SPDX-License-Identifier: ISC */
#include "template/drop.h"

#include <errno.h>
#include <grp.h>
#include <stdbool.h>
#include <stdint.h>
#include <unistd.h>

#include "template/file.h"
#include "template/parse.h"

#define GIDS_MOST 256

static bool has(const gid_t *gids, int count, gid_t gid)
{
        while (count > 0 && gids[count - 1] != gid)
                count--;
        return count > 0;
}

/* No id is root's any more, and root's does not come back. */
static bool is_dropped(uid_t uid, gid_t gid, const gid_t *gids, int count)
{
        uid_t real, effective, saved;
        gid_t found[GIDS_MOST];

        if (getresuid(&real, &effective, &saved) < 0 || real != uid || effective != uid || saved != uid ||
            getresgid(&real, &effective, &saved) < 0 || real != gid || effective != gid || saved != gid ||
            getgroups(GIDS_MOST, found) != count || setresuid((uid_t)-1, 0, (uid_t)-1) == 0)
                return false;
        for (int i = 0; i < count; i++)
                if (!has(gids, count, found[i]))
                        return false;
        return true;
}

int drop(const char *user, char *text, size_t size)
{
        gid_t gids[GIDS_MOST];
        uid_t uid;
        size_t count;

        if (geteuid() != 0)
                return 1;
        if (file_read("/etc/passwd", text, size) < 0 || !parse_user(text, user, &uid, &gids[0]) ||
            file_read("/etc/group", text, size) < 0)
                return 0;
        count = parse_groups(text, user, gids, GIDS_MOST);
        if (count == GIDS_MOST)
                return 0;
        if (uid == 0)
                return -EINVAL;
        if (setgroups(count, gids) < 0 || setresgid(gids[0], gids[0], gids[0]) < 0 ||
            setresuid(uid, uid, uid) < 0)
                return -errno;
        return is_dropped(uid, gids[0], gids, (int)count) ? 1 : -EPERM;
}
