#include "daemon/start.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "daemon/edge/log.h"
#include "daemon/edge/process.h"
#include "daemon/edge/template.h"
#include "daemon/session/search_path.h"

/* One line for people, on standard error like the log but not escaped: nothing in it comes from a client. */
__attribute__((format(printf, 1, 2))) static int fail(const char *format, ...)
{
        va_list arguments;

        fputs("svcbrokerd: ", stderr);
        va_start(arguments, format);
        vfprintf(stderr, format, arguments);
        va_end(arguments);
        fputc('\n', stderr);
        return EX_CONFIG;
}

static int start_identity(const struct options *options, struct server *server, gid_t *client_gid)
{
        const struct passwd *user = getpwnam(options->client_user);
        const struct group *group;

        server->access.own_uid = geteuid();
        if (!user)
                return fail(
                        "client user %s: there is no such user: make it, or name another with --client-user",
                        options->client_user);
        server->access.client_uid = user->pw_uid;
        *client_gid = user->pw_gid;
        if (user->pw_uid == 0)
                return fail("client user %s: it is root, which needs no broker: name an unprivileged user "
                            "with --client-user",
                            options->client_user);
        if (!options->observer_group)
                return 0;
        group = getgrnam(options->observer_group);
        if (!group)
                return fail("observer group %s: there is no such group: make it, or name another with "
                            "--observer-group",
                            options->observer_group);
        server->access.has_observers = true;
        server->access.observer_gid = group->gr_gid;
        return 0;
}

static int start_audit(const char *what, const char *path)
{
        char *culprit = NULL;
        int result = rights_audit(path, &culprit);

        if (result < 0)
                return fail("%s %s: %s: make it, or name another", what, path, strerror(-result));
        if (result > 0)
                result = fail("%s: others than root can write %s: make it root's and chmod go-w it", what,
                              culprit);
        free(culprit);
        return result;
}

/* By its own name: in a container with a user namespace of its own /proc is nobody's. */
static int start_audit_program(void)
{
        char path[PATH_MAX];
        ssize_t length = readlink("/proc/self/exe", path, sizeof(path) - 1);

        if (length < 0)
                return fail("program: /proc/self/exe: %s: mount /proc", strerror(errno));
        path[length] = '\0';
        return start_audit("program", path);
}

/* Only brokers make it, with 0755: not even root's own group, which the client user may be in, may write.
 */
static int start_audit_services(const char *path, int fd)
{
        struct stat found;

        if (fstat(fd, &found) == 0 && found.st_mode & (S_IWGRP | S_IWOTH))
                return fail("services directory %s: others than root can write it: see what is in it, and "
                            "chmod go-w it",
                            path);
        return start_audit("services directory", path);
}

/* /run/svcbroker and the like: 0755 whatever the umask. */
static int make_directory(const char *path)
{
        if (mkdir(path, 0755) < 0)
                return errno == EEXIST ? 0 : -errno;
        return chmod(path, 0755) < 0 ? -errno : 0;
}

static bool same_directory(const char *left, const char *right)
{
        struct stat a, b;

        return stat(left, &a) == 0 && stat(right, &b) == 0 && a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

static int start_directories(const struct options *options, struct registry *registry, gid_t client_gid)
{
        char directory[4096];
        const char *what = "";
        char *culprit = NULL;
        char *slash;
        int result;

        snprintf(directory, sizeof(directory), "%s", options->socket);
        slash = strrchr(directory, '/');
        if (slash == directory)
                return fail("socket %s: not in the root directory: name one in a directory of its own with "
                            "--socket",
                            options->socket);
        *slash = 0;
        result = make_directory(directory);
        if (result)
                return fail("socket directory %s: %s: make its parent, or name another with --socket",
                            directory, strerror(-result));
        result = scandir_open(&registry->scandir, options->scandir);
        if (result)
                return fail("scan directory %s: %s: start s6-svscan there, or name another with --scandir",
                            options->scandir, strerror(-result));
        if (!scandir_is_running(&registry->scandir))
                return fail("scan directory %s: no s6-svscan runs on it: start one, or name another with "
                            "--scandir",
                            options->scandir);
        if (same_directory(options->services, options->scandir))
                return fail("services directory %s: it is the scan directory: name another with --services",
                            options->services);
        result = slots_open(&registry->slots, options->services, options->template, client_gid, &what);
        if (result && what == options->services)
                return fail("services directory %s: %s: make its parent, or name another with --services",
                            what, strerror(-result));
        if (result)
                return fail("template %s: %s: install it, or name another with --template", what,
                            strerror(-result));
        result = template_check(options->template, &culprit, &what);
        if (result) {
                fail("template %s: %s: install the template as it was, or name another with --template",
                     culprit, what);
                free(culprit);
                return EX_CONFIG;
        }
        if (start_audit("socket directory", directory) || start_audit("scan directory", options->scandir) ||
            start_audit_services(options->services, registry->slots.fd) ||
            start_audit("template", options->template) || start_audit_program())
                return EX_CONFIG;
        return 0;
}

/* A profile's own directory means the root profile's, two levels up (hermes-contract: HERMES_HOME). */
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
        if (above && above != root && !strcmp(above, "/profiles"))
                *above = 0;
        else
                *slash = '/';
        return root;
}

/* For Diagnose. While we have all capabilities: the kernel shows it only to a process that has those of
 * s6-svscan. */
static char *supervisor_path(const struct registry *registry)
{
        pid_t pid = process_holding(registry->scandir.fd, ".s6-svscan/lock");
        char *path = NULL;
        int result = pid > 0 ? process_variable(pid, "PATH", &path) : -ESRCH;

        /* Without one nothing is looked up but in the C library's default, which is root's. */
        return result == -ENOENT ? strdup("/bin:/usr/bin") : path;
}

static void accepted(void *owner, int fd)
{
        server_accept(owner, fd);
}

static int start_listener(struct listener *listener, uv_loop_t *loop, struct server *server, const char *path,
                          gid_t gid)
{
        int result = listener_open(listener, loop, path, gid, accepted, server);

        if (result == -EADDRINUSE)
                return fail("socket %s: another svcbrokerd serves it: stop that one, or name another with "
                            "--socket",
                            path);
        if (result)
                return fail("socket %s: %s: name another with --socket", path, strerror(-result));
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

static int start_registry(const struct options *options, uv_loop_t *loop, const struct server *server,
                          struct registry *registry)
{
        int result;

        if (flock(registry->slots.fd, LOCK_EX | LOCK_NB) < 0)
                return fail("services directory %s: another svcbrokerd manages it: stop that one, or name "
                            "others with "
                            "--services and --socket",
                            options->services);
        registry->stands_in = !server->rights.supervisor_kills;
        registry->settle_msec = options->settle_msec;
        registry->services_max = options->services_max;
        registry->stagger.at_once = options->start_at_once;
        registry->multiplex = options->multiplex;
        registry->boot_policy = (struct reconcile_policy){options->no_gateways, options->bootstrap};
        registry->allowed_static = options->allowed_static;
        registry->policy = (struct policy){.first_msec = options->backoff_first_msec,
                                           .most_msec = options->backoff_most_msec,
                                           .healthy_msec = options->backoff_healthy_msec,
                                           .elsewhere_msec = options->elsewhere_look_msec};
        result = registry_init(registry, loop);
        if (result)
                return fail("process 1: %s: mount /proc, readable for root", strerror(-result));
        result = deputy_open(&registry->deputy, loop, server->access.client_uid, registry->slots.client_gid,
                             server->rights.can_switch, true, PROCESS_THREADS);
        if (result == 0)
                result = store_open(&registry->store, loop, server->hermes_home, server->access.client_uid,
                                    registry->slots.client_gid, server->rights.can_switch);
        if (result)
                return fail("client user %s: its identity cannot be taken: %s: give the container CAP_SETUID "
                            "and CAP_SETGID",
                            options->client_user, strerror(-result));
        result = registry_adopt(registry);
        if (result)
                return fail("services directory %s: %s", options->services, strerror(-result));
        return 0;
}

int start_everything(const struct options *options, uv_loop_t *loop, struct server *server,
                     struct registry *registry)
{
        gid_t client_gid = (gid_t)-1;
        int result = 0;

        if (options->notification_fd >= 0 && fcntl(options->notification_fd, F_GETFD) < 0)
                return fail("--notification-fd %d: %s: it must be open, as s6-supervise opens what "
                            "notification-fd names",
                            options->notification_fd, strerror(errno));
        result = start_identity(options, server, &client_gid);

        if (result == 0)
                result = start_directories(options, registry, client_gid);
        server->hermes_home = root_home(options->hermes_home);
        server->template_path = options->template;
        server->socket_path = options->socket;
        server->failed_starts = options->failed_starts;
        server->exec_path = options->exec_path;
        /* The lock comes with the listener, and nothing of a live broker's is touched before we have it. */
        if (result == 0)
                result = start_listeners(options, loop, server, client_gid);
        if (result == 0)
                server->supervisor_path = supervisor_path(registry);
        if (result == 0 && rights_drop(&server->rights))
                result = fail("capabilities: the kernel shows others than asked for: report this");
        if (result == 0)
                result = start_registry(options, loop, server, registry);
        if (result == 0)
                search_path_look(server);
        if (result == 0 && server->loose_path[0])
                log_line("main: others than root can write where PATH leads");
        if (result == 0 && !server->rights.supervisor_kills)
                log_line("main: s6-supervise lacks CAP_KILL: gateways are signalled from here");
        if (result == 0 && !server->rights.can_switch)
                log_line("main: CAP_SETUID or CAP_SETGID is missing: files cannot be given to the client "
                         "group");
        return result;
}
