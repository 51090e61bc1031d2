/* SPDX-License-Identifier: ISC */
#include "daemon/doctor/doctor.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/bounds.h"
#include "daemon/config.h"
#include "daemon/edge/process.h"
#include "daemon/loop/confine.h"
#include "daemon/service/watches.h"
#include "proto/sysname.h"

#define CLOCK_2020_USEC INT64_C(1577836800000000)

static void read_line(const char *path, char *line, int size)
{
        FILE *file = fopen(path, "re");

        line[0] = '\0';
        if (!file)
                return;
        if (!fgets(line, size, file))
                line[0] = '\0';
        fclose(file);
        line[strcspn(line, "\n")] = '\0';
}

static void check_pid1(struct doctor *doctor)
{
        char name[32];
        struct stat info;

        read_line("/proc/1/comm", name, sizeof(name));
        if (strcmp(name, "s6-svscan") != 0)
                doctor_check(doctor, "pid1", VERDICT_WARNING,
                             "make s6-overlay's /init the container's entry point, and start it without "
                             "another init",
                             "process 1 is %s", name[0] ? name : "not readable");
        else if (stat("/run/s6/basedir", &info) < 0 || !S_ISDIR(info.st_mode))
                doctor_check(
                        doctor, "pid1", VERDICT_WARNING,
                        "start the container by s6-overlay's /init, or make that directory",
                        "process 1 is s6-svscan, but /run/s6/basedir, by which Hermes tells that this is "
                        "s6, is no directory");
        else
                doctor_well(doctor, "pid1", "process 1 is s6-svscan");
}

static void check_scandir(struct doctor *doctor)
{
        const struct registry *registry = doctor->server->registry;
        bool running = scandir_is_running(&registry->scandir) != 0;

        doctor_check(
                doctor, "scandir", running ? VERDICT_OK : VERDICT_FAILURE,
                "start s6-svscan on that directory, or start the broker with --scandir of the one that runs",
                "%s s6-svscan runs on %s", running ? "an" : "no", registry->scandir.path);
}

static void check_capacity(struct doctor *doctor)
{
        static const char services[] =
                "raise s6-svscan's services_max (-C, in s6 2.11 -c) and the broker's --services-max together";
        static const char files[] = "give the container a higher limit of open files (nofile)";
        const struct registry *registry = doctor->server->registry;
        unsigned used = registry_supervisors(registry), most = registry->services_max;
        unsigned option = doctor->server->services_max;
        unsigned room = registry_room(registry);
        bool lacks = registry_lacks_descriptors(registry);
        char other[96] = "";

        if (lacks) {
                /* What s6-svscan can take with the files that it may open counts, whatever its own bound
                 * says. */
                most = used + 2 * room;
                snprintf(other, sizeof(other), "; s6-svscan's limit of open files allows no more");
        } else if (option > most)
                snprintf(other, sizeof(other), "; --services-max says %u, s6-svscan takes %u", option, most);
        doctor_check(
                doctor, "capacity",
                room == 0                                      ? VERDICT_FAILURE
                : used * 10 > most * 9 || (other[0] && !lacks) ? VERDICT_WARNING
                                                               : VERDICT_OK,
                lacks ? files : services,
                "%u of %u supervisors are in use, loggers included: there is room for %u more gateway%s%s",
                used, most, room, room == 1 ? "" : "s", other);
}

/* More descriptors would only be for more connections: root's places stay. */
static void check_descriptors(struct doctor *doctor)
{
        const struct server *server = doctor->server;
        bool few = server->peers.connections_most < LIMIT_CONNECTIONS;

        doctor_check(doctor, "descriptors", few ? VERDICT_WARNING : VERDICT_OK,
                     "raise the container's limit of open files (nofile), and restart the broker",
                     "the broker may open %u files, which allows %u connection%s at once%s", server->files,
                     server->peers.connections_most, server->peers.connections_most == 1 ? "" : "s",
                     few ? ", fewer "
                           "than its "
                           "own limits"
                         : "");
}

static void check_room(struct doctor *doctor)
{
        struct registry *registry = doctor->server->registry;
        struct room room;
        bool full, low;

        registry_read_room(registry, &room);
        full = room_is_short(&room, ROOM_RESERVED_BYTES, ROOM_RESERVED_INODES, ROOM_RESERVED_SHARE);
        low = room_is_short(&room, ROOM_LOW_BYTES, ROOM_LOW_INODES, ROOM_LOW_SHARE);
        doctor_check(doctor, "room",
                     full  ? VERDICT_FAILURE
                     : low ? VERDICT_WARNING
                           : VERDICT_OK,
                     "see what fills it, and remove that, or give the container a larger /run; gateways can "
                     "be stopped and unregistered all the same",
                     "%s: its file system has %llu KiB and %llu inodes left%s", registry->slots.path,
                     (unsigned long long)room.bytes / 1024, (unsigned long long)room.inodes,
                     full ? ": nothing is registered" : "");
}

static void check_rights(struct doctor *doctor)
{
        const struct server *server = doctor->server;
        bool lacks_uid, lacks_gid;

        if (server->access.own_uid == server->access.client_uid)
                doctor_check(doctor, "boundary", VERDICT_WARNING, "start the container's init as root",
                             "broker and clients have the same uid: there is no boundary between them");
        else
                doctor_well(doctor, "boundary", "clients have uid %u, the broker %u",
                            (unsigned)server->access.client_uid, (unsigned)server->access.own_uid);
        lacks_uid = server->rights.missing >> CAP_SETUID & 1;
        lacks_gid = server->rights.missing >> CAP_SETGID & 1;
        if (server->rights.can_switch)
                doctor_well(doctor, "capabilities",
                            "the broker keeps CAP_SETUID and CAP_SETGID, nothing else");
        else
                doctor_check(doctor, "capabilities", VERDICT_WARNING,
                             "give the container CAP_SETUID and CAP_SETGID",
                             "the broker lacks %s%s%s: it cannot act as the client user, nor give files to "
                             "its group",
                             lacks_uid ? "CAP_SETUID" : "", lacks_uid && lacks_gid ? " and " : "",
                             lacks_gid ? "CAP_SETGID" : "");
        doctor_check(doctor, "bounding_set", server->rights.bounding_shrunk ? VERDICT_OK : VERDICT_WARNING,
                     "give the container CAP_SETPCAP (a last line of defence, not needed to work)", "%s",
                     server->rights.bounding_shrunk ? "the broker's bounding set is shrunk"
                                                    : "the broker's bounding set could not be shrunk");
}

/* A sanitizer or an option is somebody's wish: only what could not be had is to be told as a fault. */
static void check_seccomp(struct doctor *doctor)
{
        static const char advice[] =
                "let the container's own profile take filters of programs (seccomp(2), with Linux "
                "4.14 or later); it is a last line of defence, not needed to work";
        const struct seccomp *seccomp = &doctor->server->seccomp;
        int lacking = confine_failure();

        if (seccomp->refused)
                doctor_check(doctor, "seccomp", VERDICT_WARNING, advice,
                             "the kernel takes no filter of system calls from the broker: %s",
                             sysname_error_words(seccomp->refused));
        else if (lacking)
                doctor_check(doctor, "seccomp", VERDICT_WARNING, "restart the broker",
                             "a thread of the broker has the filter of its loop, and not its own: %s",
                             sysname_error_words(lacking));
        else if (seccomp->sanitized)
                doctor_well(doctor, "seccomp",
                            "off: the broker was built with a sanitizer, which needs its own calls");
        else if (seccomp->mode == SECCOMP_OFF)
                doctor_well(doctor, "seccomp", "off, by --seccomp: the broker may make every system call");
        else if (seccomp->mode == SECCOMP_LOG)
                doctor_well(
                        doctor, "seccomp",
                        "log: system calls that the broker does not need are noted by the kernel, and done");
        else
                doctor_well(doctor, "seccomp", "on: system calls that the broker does not need are refused");
}

/* The pid of any s6-supervise: they all have the capabilities that s6-svscan gave them. 0: none found. */
static pid_t find_supervisor(const struct registry *registry)
{
        char path[LIMIT_SERVICE_NAME_BYTES + 32];

        for (size_t i = 0; i < registry->count; i++) {
                const struct service *service = registry->services[i];
                pid_t pid;

                snprintf(path, sizeof(path), "%s/supervise/lock", service->name);
                pid = service->own.supervised ? process_holding(service_at(service), path) : 0;
                if (pid > 0)
                        return pid;
        }
        return 0;
}

/* If s6-supervise lacks CAP_KILL, s6-svc succeeds all the same, and the service stays up, wanted down. */
static void check_kill(struct doctor *doctor)
{
        const struct server *server = doctor->server;
        pid_t found = find_supervisor(server->registry);
        pid_t pid = found ? found : 1;
        struct process process;
        const char *name = found ? "s6-supervise" : "process 1";
        int result = process_read(pid, &process);

        if (result)
                doctor_check(doctor, "kill", VERDICT_WARNING,
                             "mount /proc without hidepid, and look at CapEff in its status",
                             "the capabilities of %s (pid %d) cannot be read: %s", name, (int)pid,
                             sysname_error_words(-result));
        else if (process.effective >> CAP_KILL & 1)
                doctor_well(doctor, "kill", "%s (pid %d) has CAP_KILL", name, (int)pid);
        else if (process.uid == server->access.client_uid)
                doctor_well(doctor, "kill", "%s (pid %d) needs no CAP_KILL: gateways have its uid", name,
                            (int)pid);
        else
                doctor_check(doctor, "kill", VERDICT_FAILURE,
                             "give the container CAP_KILL, and start it again",
                             "%s (pid %d) lacks CAP_KILL: gateways can be started, but not stopped", name,
                             (int)pid);
}

/* The first listener that is not as it should be, else the last; *info is of its path. NULL: none is open. */
static const struct listener *doubtful_listener(const struct server *server, struct stat *info)
{
        const struct listener *listeners[] = {&server->observer_listener, &server->listener};
        const struct listener *found = NULL;

        for (size_t i = 0; i < 2; i++) {
                if (listeners[i]->fd < 0)
                        continue;
                found = listeners[i];
                if (listener_lack(found) || lstat(found->path, info) < 0)
                        return found;
                if ((info->st_mode & 07777) != 0660 || info->st_uid != server->access.own_uid)
                        return found;
        }
        return found;
}

static void check_socket(struct doctor *doctor)
{
        static const char advice[] = "remove it: the broker makes it anew, with mode 0660";
        struct server *server = doctor->server;
        struct stat info = {0};
        const struct listener *listener = doubtful_listener(server, &info);
        const char *lack;

        if (!listener) /* the broker is about to end */
                return;
        lack = listener_lack(listener);
        if (lack) {
                doctor_check(doctor, "socket", VERDICT_FAILURE, listener_remedy(listener),
                             "the %s is not at %s any more", lack, listener->path);
                mender_wake(&server->mender);
        } else if (info.st_mode & S_IRWXO || info.st_uid != server->access.own_uid) {
                doctor_check(doctor, "socket", VERDICT_FAILURE, advice, "%s has mode %04o and uid %u",
                             listener->path, (unsigned)info.st_mode & 07777, (unsigned)info.st_uid);
        } else {
                doctor_check(doctor, "socket", (info.st_mode & 07777) == 0660 ? VERDICT_OK : VERDICT_WARNING,
                             advice, "%s has mode %04o, group %u", listener->path,
                             (unsigned)info.st_mode & 07777, (unsigned)info.st_gid);
        }
}

/*
 * s6's time stamps are TAI64N with leap seconds. A stamp in the future means that the clock went back, or
 * that this s6 has other leap seconds than the broker takes for granted; all that is told of times is wrong
 * then.
 */
static void check_clock(struct doctor *doctor)
{
        static const char advice[] = "set the host's clock; then restart what was started before";
        const struct registry *registry = doctor->server->registry;
        int64_t now_usec = clock_utc_usec();
        const struct service *ahead = NULL;

        for (size_t i = 0; i < registry->count; i++)
                if (registry->services[i]->own.status.since_usec > now_usec + DIAGNOSE_CLOCK_USEC &&
                    (!ahead || registry->services[i]->own.status.since_usec > ahead->own.status.since_usec))
                        ahead = registry->services[i];
        if (now_usec < CLOCK_2020_USEC)
                doctor_check(doctor, "clock", VERDICT_WARNING, advice, "the clock shows a time before 2020");
        else if (ahead)
                doctor_check(doctor, "clock", VERDICT_WARNING, advice,
                             "s6's time stamp of %s is %" PRId64 " s ahead of the clock", ahead->name,
                             (ahead->own.status.since_usec - now_usec) / 1000000);
        else
                doctor_well(doctor, "clock", "no time stamp of s6 is ahead of the clock");
}

/* Other processes of the same uid, outside this container, too, share the kernel's bound: nobody tells what
 * they use. */
static void check_inotify(struct doctor *doctor)
{
        const struct registry *registry = doctor->server->registry;
        const char *advice = registry->watch.fd < 0 ? "raise fs.inotify.max_user_instances on the host"
                                                    : "raise fs.inotify.max_user_watches on the host";
        size_t used = registry->watch.count;
        size_t lacking = watches_lacking(registry);
        unsigned long most = 0;
        char line[32];

        read_line("/proc/sys/fs/inotify/max_user_watches", line, sizeof(line));
        if (lacking)
                doctor_check(doctor, "inotify", VERDICT_FAILURE, advice,
                             "%zu service%s or director%s cannot be watched: what happens there is seen late",
                             lacking, lacking == 1 ? "" : "s", lacking == 1 ? "y" : "ies");
        else if (sscanf(line, "%lu", &most) != 1)
                doctor_check(doctor, "inotify", VERDICT_WARNING, advice,
                             "the broker uses %zu watch%s; fs.inotify.max_user_watches cannot be read", used,
                             used == 1 ? "" : "es");
        else
                doctor_check(doctor, "inotify", used * 10 > most * 9 ? VERDICT_WARNING : VERDICT_OK, advice,
                             "the broker uses %zu of %lu watches", used, most);
}

bool diagnose_system(struct doctor *doctor)
{
        check_pid1(doctor);
        check_scandir(doctor);
        check_capacity(doctor);
        check_descriptors(doctor);
        check_room(doctor);
        check_rights(doctor);
        check_seccomp(doctor);
        check_kill(doctor);
        check_socket(doctor);
        check_clock(doctor);
        check_inotify(doctor);
        return true;
}
