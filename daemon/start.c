/* SPDX-License-Identifier: ISC */
#include "daemon/start.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "daemon/edge/lock.h"
#include "daemon/log/log.h"
#include "daemon/edge/process.h"
#include "daemon/edge/rights_audit.h"
#include "daemon/edge/rights_members.h"
#include "daemon/failure.h"
#include "daemon/methods/search_path.h"
#include "daemon/slot/adopt.h"
#include "daemon/start_directories.h"
#include "proto/sysname.h"

int start_files(unsigned *files)
{
        struct rlimit limit;

        if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
                return fail(errno, "report this", "descriptors");
        if (limit.rlim_cur < FILES_LEAST)
                return fail(0, "raise the container's limit (nofile; ulimit -Hn)",
                            "descriptors: %llu are allowed, and at least %d needed, %d for all connections",
                            (unsigned long long)limit.rlim_cur, FILES_LEAST, START_FILES);
        *files = limit.rlim_cur < START_FILES ? (unsigned)limit.rlim_cur : START_FILES;
        return 0;
}

/* Shares out the descriptors: where there are too few, connections get what the daemon leaves, which is
 * enough for root's seats at the least. */
static void start_seats(struct server *server, unsigned files)
{
        unsigned own = files / 2 < FILES_OWN_LEAST ? FILES_OWN_LEAST : files / 2;
        unsigned seats;

        server->files = files;
        seats = files - (own > FILES_OWN ? FILES_OWN : own);
        server_set_seats(server, seats);
        if (server->peers.connections_most < LIMIT_CONNECTIONS)
                log_line("main: few descriptors: limit=%u wanted=%u connections=%u denied=%u", files,
                         START_FILES, server->peers.connections_most, server->peers.denied_most);
}

/* Does the C library say by this errno that a name is not in the account files? */
static bool is_no_such_account(int error)
{
        return error == 0 || error == ENOENT || error == ESRCH || error == EBADF || error == EPERM;
}

static int start_client_user(const struct options *options, struct server *server, gid_t *client_gid)
{
        const struct passwd *user;

        errno = 0;
        user = getpwnam(options->client_user);
        if (!user && is_no_such_account(errno))
                return fail(0, "make it, or name another with --client-user",
                            "client user %s: there is no such user", options->client_user);
        if (!user)
                return fail(errno, "see that the account files can be read", "client user %s",
                            options->client_user);
        if (user->pw_uid == 0)
                return fail(0, "name an unprivileged user with --client-user",
                            "client user %s: it is root, which needs no broker", options->client_user);
        /* Without root all have one uid, whichever it is: a container may have been started with any. */
        server->access.client_uid = geteuid() == 0 ? user->pw_uid : geteuid();
        *client_gid = geteuid() == 0 ? user->pw_gid : getegid();
        return 0;
}

static int start_observers(const struct options *options, struct server *server)
{
        const struct group *group;

        if (!options->observer_group)
                return 0;
        errno = 0;
        group = getgrnam(options->observer_group);
        if (!group && is_no_such_account(errno))
                return fail(0, "make it, or name another with --observer-group",
                            "observer group %s: there is no such group", options->observer_group);
        if (!group)
                return fail(errno, "see that the account files can be read", "observer group %s",
                            options->observer_group);
        server->access.has_observers = true;
        server->access.observer_gid = group->gr_gid;
        return 0;
}

/* Finds out whether anybody but root is in group 0, and so can write what that group may. Without root there
 * is nobody to tell apart. */
static int start_root_group(const struct options *options, gid_t client_gid)
{
        bool shared = false;
        int result =
                geteuid() == 0 ? rights_look_at_root_group(options->client_user, client_gid, &shared) : 0;

        if (result)
                return fail(-result, "see that the account files can be read", "group 0");
        rights_share_root_group(shared);
        return 0;
}

static int start_identity(const struct options *options, struct server *server, gid_t *client_gid)
{
        int result = start_client_user(options, server, client_gid);

        server->access.own_uid = geteuid();
        if (result == 0)
                result = start_root_group(options, *client_gid);
        return result ? result : start_observers(options, server);
}

/* For failures of lock_take() that a person must mend, mostly -EPERM. */
#define LOCK_REMEDY "others can lock it: find out who does, with fuser(1), and remove the file"

/* The root profile's directory, which is two levels up where `home` is a profile's own (docs/contract.md,
 * Names and places). A static string. */
static const char *root_home(const char *home)
{
        static char root[4096];
        char *slash, *above;

        snprintf(root, sizeof(root), "%s", home);
        while ((slash = strrchr(root, '/')) && slash != root && !slash[1])
                *slash = 0;
        if (!slash || slash == root)
                return root;
        *slash = 0;
        above = strrchr(root, '/');
        if (above && above != root && strcmp(above, "/profiles") == 0)
                *above = 0;
        else
                *slash = '/';
        return root;
}

/* The PATH of s6-svscan, for Diagnose: the caller's to free; NULL: it cannot be seen. Called while the broker
 * has all capabilities, since the kernel shows it only to a process that has those of s6-svscan. */
static char *supervisor_path(const struct registry *registry)
{
        pid_t pid = process_holding(registry->scandir.fd, ".s6-svscan/lock");
        char *path = NULL;
        int result = pid > 0 ? process_variable(pid, "PATH", &path) : -ESRCH;

        /* Without a PATH, programs are looked up in the C library's default, which is root's. */
        return result == -ENOENT ? strdup("/bin:/usr/bin") : path;
}

static void accepted(void *owner, int fd)
{
        server_accept(owner, fd);
}

static int start_listener(struct listener *listener, uv_loop_t *loop, struct server *server, const char *path,
                          gid_t gid)
{
        int result = listener_open(listener, loop, &server->streams, path, gid, accepted, server);

        if (result == -EADDRINUSE)
                return fail(EADDRINUSE, NULL,
                            "socket %s: another svcbrokerd serves it: stop that one, or name another with "
                            "--socket",
                            path);
        if (result == -EEXIST)
                return fail(0, "remove that, or name another with --socket",
                            "socket %s: something else has its name", path);
        if (result)
                return fail(-result, result == -EPERM ? LOCK_REMEDY : "name another with --socket",
                            "socket %s", path);
        return 0;
}

static int start_listeners(const struct options *options, uv_loop_t *loop, struct server *server,
                           gid_t client_gid)
{
        static char observer_path[4096];
        int result = start_listener(&server->listener, loop, server, options->socket, client_gid);

        if (result || !options->observer_group)
                return result;
        snprintf(observer_path, sizeof(observer_path), "%s.observer", options->socket);
        return start_listener(&server->observer_listener, loop, server, observer_path,
                              server->access.observer_gid);
}

/* Begins the threads that close sockets. Without them closing is guarded as well, and each close tries to
 * make one. */
static void start_streams(struct server *server)
{
        int result = streams_begin(&server->streams);

        if (result)
                log_line("main: no thread for what peers pass yet: why=%s", sysname_error(-result));
}

/*
 * Takes the lock of the services directory, which is a file beside it, as the socket's is beside the socket:
 * the directory itself can be opened, and so locked, by everybody. An older broker, which locks the
 * directory, is kept out as well: it serves the same socket, and holds the socket's lock.
 */
static int start_lock(const char *services, int *fd)
{
        char path[PATH_MAX];
        size_t length = strlen(services);

        while (length > 1 && services[length - 1] == '/')
                length--;
        if (snprintf(path, sizeof(path), "%.*s.lock", (int)length, services) >= (int)sizeof(path))
                return fail(ENAMETOOLONG, "name another with --services", "services directory %s", services);
        *fd = lock_take(path);
        if (*fd == -EADDRINUSE)
                return fail(EADDRINUSE, NULL,
                            "services directory %s: another svcbrokerd manages it: stop that one, or name "
                            "others with --services and --socket",
                            services);
        return *fd < 0 ? fail(-*fd, LOCK_REMEDY, "lock %s", path) : 0;
}

static int start_configure(const struct options *options, const struct server *server,
                           struct registry *registry)
{
        registry->stands_in = !server->rights.supervisor_kills;
        registry->settle_msec = options->settle_msec;
        registry->patience =
                (struct patience){.msec = {[STEP_PROCESS] = options->process_msec,
                                           [STEP_READY] = options->settle_msec + options->ready_msec,
                                           [STEP_END] = options->ending_msec,
                                           [STEP_FINISH] = FINISHING_MSEC}};
        registry->stagger.at_once = options->start_at_once;
        multiplex_init(registry, options->multiplex);
        registry->boot_policy = (struct boot_policy){options->no_gateways, options->bootstrap};
        registry->allowed_static = options->allowed_static;
        registry->backoff = (struct backoff){.first_msec = options->backoff_first_msec,
                                             .most_msec = options->backoff_most_msec,
                                             .healthy_msec = options->backoff_healthy_msec,
                                             .elsewhere_msec = options->elsewhere_look_msec};
        return registry_read_limits(registry, options->services_max);
}

static int start_world(const struct options *options, uv_loop_t *loop, const struct server *server,
                       struct world *world)
{
        struct registry *registry = &world->registry;
        int result = start_lock(options->services, &registry->lock_fd);

        if (result)
                return result;
        result = start_configure(options, server, registry);
        if (result)
                return fail(-result, "see that the container has memory and descriptors left",
                            "s6-svscan's capacity");
        result = world_init(world, loop);
        if (result)
                return fail(-result, "mount /proc, readable for root", "process 1");
        result = deputy_open(&registry->deputy, loop, server->access.client_uid, registry->slots.client_gid,
                             server->rights.can_switch, true, PROCESS_THREADS);
        if (result == 0)
                result = store_open(&registry->store, loop, &registry->ready, server->hermes_home,
                                    server->access.client_uid, registry->slots.client_gid,
                                    server->rights.can_switch);
        if (result)
                return fail(-result, "give the container CAP_SETUID and CAP_SETGID",
                            "client user %s: its identity cannot be taken", options->client_user);
        result = adopt(registry);
        if (result)
                return fail(-result, "see what is in it", "services directory %s", options->services);
        return 0;
}

static int start_rights(struct rights *rights)
{
        int result = rights_drop(rights);

        if (result == -ENOENT)
                return fail(ENOENT, "mount /proc", "capabilities: /proc/thread-self/status");
        return result ? fail(-result, "the kernel shows others than were asked for: report this",
                             "capabilities")
                      : 0;
}

/* Sets what Health and Diagnose tell of. */
static void start_told(const struct options *options, struct server *server)
{
        server->hermes_home = root_home(options->hermes_home);
        server->template_path = options->template;
        server->socket_path = options->socket;
        server->failed_starts = options->failed_starts;
        server->memory.percent = options->memory_percent;
        server->exec_path = options->exec_path;
        server->fallbacks = options->fallbacks;
        server->services_max = options->services_max;
}

/* Logs what the broker works without, or in spite of. */
static void start_say(const struct server *server)
{
        if (server->loose_path[0])
                log_line("main: others than root can write where PATH leads");
        if (!server->rights.supervisor_kills)
                log_line("main: s6-supervise lacks CAP_KILL: gateways are signalled from here");
        if (!server->rights.root)
                log_line("main: not started as root: no boundary between the broker and its clients");
        else if (!server->rights.can_switch)
                log_line("main: CAP_SETUID or CAP_SETGID is missing: files cannot be given to the client "
                         "group");
        if (server->seccomp.refused)
                log_line("main: the kernel takes no filter of system calls: why=%s",
                         sysname_error(server->seccomp.refused));
}

int start_everything(const struct options *options, uv_loop_t *loop, struct server *server,
                     struct world *world, unsigned files)
{
        struct registry *registry = &world->registry;
        gid_t client_gid = (gid_t)-1;
        int result;

        if (options->notification_fd >= 0 && fcntl(options->notification_fd, F_GETFD) < 0)
                return fail(errno, "it must be open: s6-supervise opens the one that notification-fd names",
                            "--notification-fd %d", options->notification_fd);
        result = start_identity(options, server, &client_gid);
        if (result)
                return result;
        result = start_directories(options, registry, client_gid);
        if (result)
                return result;
        start_told(options, server);
        start_seats(server, files);
        /* The socket's lock comes with the listener: before that nothing of a live broker's is touched. */
        result = start_listeners(options, loop, server, client_gid);
        if (result)
                return result;
        server->supervisor_path = supervisor_path(registry);
        result = start_rights(&server->rights);
        if (result)
                return result;
        seccomp_settle(&server->seccomp);
        start_streams(server);
        result = start_world(options, loop, server, world);
        if (result)
                return result;
        mender_open(&server->mender, loop, &server->listener, &server->observer_listener);
        search_path_look(server);
        start_say(server);
        return 0;
}
