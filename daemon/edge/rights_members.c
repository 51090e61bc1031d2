/* SPDX-License-Identifier: ISC */
#include "daemon/edge/rights_members.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <sys/types.h>

#include "daemon/bounds.h"

static int client_is_in(const char *user, gid_t gid, bool *shared)
{
        int room = ROOT_GROUP_FIRST, count = 0;
        gid_t *groups = NULL;

        do {
                gid_t *more = reallocarray(groups, (size_t)room, sizeof(*groups));

                if (!more) {
                        free(groups);
                        return -ENOMEM;
                }
                groups = more;
                count = room;
                if (getgrouplist(user, gid, groups, &count) >= 0)
                        break;
                count = 0;
                room *= 4;
        } while (room <= ROOT_GROUP_MOST);
        for (int i = 0; i < count; i++)
                *shared = *shared || groups[i] == 0;
        free(groups);
        return room <= ROOT_GROUP_MOST ? 0 : -EOVERFLOW;
}

/* A member that has no account is nobody. */
static int member_is_in(bool *shared)
{
        const struct group *group;

        errno = 0;
        group = getgrgid(0);
        if (!group)
                return errno == ENOENT || errno == ESRCH ? 0 : -errno;
        for (char **member = group->gr_mem; *member && !*shared; member++) {
                const struct passwd *account = getpwnam(*member);

                *shared = account && account->pw_uid != 0;
        }
        return 0;
}

static int account_is_in(bool *shared)
{
        const struct passwd *account;
        int result;

        setpwent();
        do {
                errno = 0;
                account = getpwent();
                *shared = *shared || (account && account->pw_uid != 0 && account->pw_gid == 0);
        } while (account && !*shared);
        result = !account && errno != ENOENT ? -errno : 0;
        endpwent();
        return result;
}

int rights_look_at_root_group(const char *client_user, unsigned client_gid, bool *shared)
{
        bool found = client_gid == 0;
        int result = found ? 0 : client_is_in(client_user, client_gid, &found);

        if (result == 0 && !found)
                result = member_is_in(&found);
        if (result == 0 && !found)
                result = account_is_in(&found);
        if (result == 0)
                *shared = found;
        return result;
}
