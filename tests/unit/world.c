/* SPDX-License-Identifier: ISC */
#include "world.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/service/turn.h"
#include "daemon/slot/adopt.h"

char world[] = "/tmp/unit-world-XXXXXX";
int world_fd;
struct world model;
struct toy own, logger;

struct answer answers[WORLD_ANSWERS];
size_t answer_count, answers_taken = WORLD_ANSWERS;
bool svscan_is_blind;

static uv_loop_t loop;
static pid_t processes[16];
static size_t process_count;
static char services[64], template[64], scan[64], home[64];
static struct toy *toys[32], begun[24]; /* those that live; of these those that s6-svscan began */
static size_t toy_count, begun_count;
static int svscan_fifo = -1;
static pid_t svscan_pid;
static bool svscan_looks;

static void put(const char *path, const char *text, mode_t mode)
{
        int fd = openat(world_fd, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);

        ck_assert_msg(fd >= 0, "%s", path);
        ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
        close(fd);
}

static const char *below(char *path, size_t size, const char *name)
{
        snprintf(path, size, "%s/%s", world, name);
        return path;
}

void world_put(const char *path, const char *text)
{
        put(path, text, 0644);
}

bool world_has(const char *path)
{
        struct stat found;

        return fstatat(world_fd, path, &found, AT_SYMLINK_NOFOLLOW) == 0;
}

const char *world_text(const char *path)
{
        static char text[4096];
        int fd = openat(world_fd, path, O_RDONLY | O_CLOEXEC);
        ssize_t length;

        ck_assert_msg(fd >= 0, "%s", path);
        length = read(fd, text, sizeof(text) - 1);
        close(fd);
        ck_assert_int_ge(length, 0);
        text[length] = '\0';
        return text;
}

void world_profile(const char *profile)
{
        char path[300];

        snprintf(path, sizeof(path), "home/profiles/%s", profile);
        ck_assert_int_eq(mkdirat(world_fd, path, 0755), 0);
        snprintf(path, sizeof(path), "home/profiles/%s/SOUL.md", profile);
        put(path, "", 0644);
}

static struct answer *answer_add(char kind, const char *name, struct service *service,
                                 const struct fault *fault)
{
        struct answer *answer = &answers[answer_count++];

        ck_assert_uint_le(answer_count, WORLD_ANSWERS);
        *answer = (struct answer){.kind = kind, .has_service = service != NULL};
        snprintf(answer->name, sizeof(answer->name), "%s", name);
        if (fault)
                answer->fault = *fault;
        return answer;
}

static void on_registered(void *owner, struct ticket ticket, const char *profile, struct service *service,
                          const struct fault *fault, const struct registered *registered)
{
        struct answer *answer = answer_add('r', profile, service, fault);

        answer->call = ticket.call;
        answer->created = registered->created;
        answer->changed = registered->changed;
        answer->persist_error = registered->persist_error;
}

static void on_unregistered(void *owner, struct ticket ticket, const char *profile, struct service *service,
                            const struct fault *fault, int persist_error)
{
        struct answer *answer = answer_add('u', profile, service, fault);

        answer->call = ticket.call;
        answer->persist_error = persist_error;
}

static void on_outcome(void *owner, struct ticket ticket, const struct outcome *outcome)
{
        struct answer *answer = answer_add('o', outcome->name, outcome->service, outcome->fault);

        answer->call = ticket.call;
        answer->persisted = outcome->persisted;
        answer->last = outcome->last;
}

static bool on_takes(void *owner, struct ticket ticket)
{
        return answer_count < answers_taken;
}

static void on_gone(void *owner, struct service *service)
{
        answer_add('g', service->name, service, NULL);
}

void world_open(void)
{
        const char *what;

        umask(022);
        alarm(120);
        ck_assert_ptr_nonnull(mkdtemp(world));
        world_fd = open(world, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        ck_assert_int_eq(mkdirat(world_fd, "template", 0755), 0);
        put("template/run", "#!/bin/sh\n", 0755);
        ck_assert_int_eq(mkdirat(world_fd, "template/log", 0755), 0);
        put("template/log/run", "#!/bin/sh\n", 0755);
        ck_assert_int_eq(mkdirat(world_fd, "scan", 0755), 0);
        ck_assert_int_eq(mkdirat(world_fd, "home", 0755), 0);
        ck_assert_int_eq(mkdirat(world_fd, "home/profiles", 0755), 0);
        below(services, sizeof(services), "services");
        below(template, sizeof(template), "template");
        below(scan, sizeof(scan), "scan");
        below(home, sizeof(home), "home");
        ck_assert_int_eq(uv_loop_init(&loop), 0);
        ck_assert_int_eq(slots_open(&model.registry.slots, services, template, getgid(), &what), 0);
        ck_assert_int_eq(scandir_open(&model.registry.scandir, scan), 0);
        model.registry.settle_msec = SETTLE_MSEC;
        model.registry.backoff = (struct backoff){.first_msec = BACKOFF_MSEC,
                                                  .most_msec = 4 * BACKOFF_MSEC,
                                                  .healthy_msec = 600000,
                                                  .elsewhere_msec = BACKOFF_MSEC};
        model.registry.patience = (struct patience){.msec = {[STEP_PROCESS] = 10000,
                                                             [STEP_READY] = 10000,
                                                             [STEP_END] = 10000,
                                                             [STEP_FINISH] = 10000}};
        model.registry.services_max = 100;
        model.registry.stagger.at_once = 8;
        model.registry.multiplex_from = MULTIPLEX_FROM_CONFIG;
        ck_assert_int_eq(world_init(&model, &loop), 0);
        model.registry.events = (struct registry_events){.outcome = on_outcome,
                                                         .takes = on_takes,
                                                         .registered = on_registered,
                                                         .unregistered = on_unregistered,
                                                         .gone = on_gone};
        ck_assert_int_eq(deputy_open(&model.registry.deputy, &loop, getuid(), getgid(), false, true, 1), 0);
        ck_assert_int_eq(store_open(&model.registry.store, &loop, &model.registry.ready, home, getuid(),
                                    getgid(), false),
                         0);
}

void world_close(void)
{
        char command[128];

        model.registry.events.gone = NULL; /* all of them are */
        while (process_count)
                kill(processes[--process_count], SIGKILL);
        world_deinit(&model);
        uv_run(&loop, UV_RUN_DEFAULT);
        ck_assert_int_eq(uv_loop_close(&loop), 0); /* nothing of it is left there */
        snprintf(command, sizeof(command), "rm -rf '%s'", world);
        ck_assert_int_eq(system(command), 0);
}

void toy_open(struct toy *toy, const char *path)
{
        char name[600];

        snprintf(toy->path, sizeof(toy->path), "%s", path);
        snprintf(name, sizeof(name), "%s/supervise", path);
        if (mkdirat(world_fd, name, 0700))
                ck_assert_int_eq(errno, EEXIST);
        snprintf(name, sizeof(name), "%s/supervise/control", path);
        if (mkfifoat(world_fd, name, 0600))
                ck_assert_int_eq(errno, EEXIST);
        toy->fifo = openat(world_fd, name, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
        ck_assert_int_ge(toy->fifo, 0);
        ck_assert_uint_lt(toy_count, sizeof(toys) / sizeof(toys[0]));
        toys[toy_count++] = toy;
        if (!toy->since_usec)
                toy_begins(toy, false);
}

struct toy *toy_at(const char *path)
{
        for (size_t i = 0; i < toy_count; i++)
                if (strcmp(toys[i]->path, path) == 0)
                        return toys[i];
        return NULL;
}

void toy_close(struct toy *toy)
{
        char name[600];
        int lock;

        for (size_t i = 0; i < toy_count; i++)
                if (toys[i] == toy)
                        toys[i--] = toys[--toy_count];
        close(toy->fifo);
        toy->fifo = -1;
        snprintf(name, sizeof(name), "%s/supervise/lock", toy->path);
        lock = openat(world_fd, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
        ck_assert_int_ge(lock, 0);
        close(lock);
}

static void put_number(unsigned char *bytes, uint64_t value, int length)
{
        while (length--) {
                bytes[length] = (unsigned char)value;
                value >>= 8;
        }
}

/* A `u` that shows no effect is given again after a moment (SEND_AGAIN_MSEC): how often, depends on the machine. */
static void take(struct toy *toy)
{
        size_t length = strlen(toy->letters);
        char letter;

        while (toy->fifo >= 0 && !toy->deaf && read(toy->fifo, &letter, 1) == 1) {
                if (letter == 'u' && toy->told_up)
                        continue;
                toy->told_up = letter == 'u' || (toy->told_up && letter != 'd' && letter != 'o');
                ck_assert_uint_lt(length, sizeof(toy->letters) - 1);
                toy->letters[length++] = letter;
                toy->letters[length] = '\0';
        }
}

/* As s6 2.11 writes it. */
static void write_stamped(struct toy *toy, pid_t pid, int wait_status, unsigned flags)
{
        unsigned char bytes[35] = {0};
        char name[600], new_name[600];
        int fd;

        take(toy);
        toy->told_up = false; /* of what is there now */
        put_number(bytes, (UINT64_C(1) << 62) + 37 + (uint64_t)(toy->since_usec / 1000000), 8);
        put_number(bytes + 8, (uint64_t)(toy->since_usec % 1000000) * 1000, 4);
        if (flags & 8)
                memcpy(bytes + 12, bytes, 12);
        else
                put_number(bytes + 12, UINT64_C(1) << 62, 8);
        put_number(bytes + 24, (uint64_t)pid, 8);
        put_number(bytes + 32, (uint64_t)wait_status, 2);
        bytes[34] = (unsigned char)flags;
        snprintf(name, sizeof(name), "%s/supervise/status", toy->path);
        snprintf(new_name, sizeof(new_name), "%s/supervise/status.new", toy->path);
        fd = openat(world_fd, new_name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
        ck_assert_int_eq(write(fd, bytes, sizeof(bytes)), sizeof(bytes));
        close(fd);
        ck_assert_int_eq(renameat(world_fd, new_name, world_fd, name), 0);
}

/* Stamps differ from each other. */
static void write_status(struct toy *toy, pid_t pid, int wait_status, unsigned flags)
{
        int64_t now_usec = clock_utc_usec();

        toy->since_usec = now_usec > toy->since_usec ? now_usec : toy->since_usec + 1;
        write_stamped(toy, pid, wait_status, flags);
}

void toy_begins(struct toy *toy, bool wanted)
{
        write_status(toy, 0, 0, 8 | (wanted ? 4u : 0u));
}

void toy_runs(struct toy *toy, pid_t pid, bool wanted)
{
        write_status(toy, pid, 0, wanted ? 4 : 0);
}

void toy_finishes(struct toy *toy, bool wanted, int wait_status)
{
        write_status(toy, 4000001, wait_status, 2 | (wanted ? 4u : 0u));
}

void toy_is_down(struct toy *toy, bool wanted, int wait_status)
{
        write_status(toy, 0, wait_status, wanted ? 4 : 0);
}

void toy_stays_down(struct toy *toy, int wait_status)
{
        write_stamped(toy, 0, wait_status, 0);
}

const char *toy_letters(struct toy *toy)
{
        static char letters[sizeof(toy->letters)];

        take(toy);
        snprintf(letters, sizeof(letters), "%s", toy->letters);
        toy->letters[0] = '\0';
        return letters;
}

bool toy_was_told(struct toy *toy, char letter)
{
        take(toy);
        return strchr(toy->letters, letter) != NULL;
}

pid_t world_process(void)
{
        pid_t pid;

        signal(SIGTERM, SIG_DFL);
        pid = fork();
        if (pid == 0) {
                syscall(SYS_close_range, 0, ~0U,
                        0); /* the FIFOs are the test's to close, and its output is nobody's */
                for (;;)
                        pause();
        }
        ck_assert_uint_lt(process_count, sizeof(processes) / sizeof(processes[0]));
        processes[process_count++] = pid;
        return pid;
}

/* Its lock is another process's, or nobody would see it. */
static pid_t hold_lock(void)
{
        struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
        char path[128], byte = 0;
        int ends[2], fd;
        pid_t pid;

        ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
        below(path, sizeof(path), "scan/.s6-svscan/lock");
        pid = fork();
        if (pid == 0) {
                dup2(ends[1], 0);
                syscall(SYS_close_range, 3, ~0U, 0);
                fd = open(path, O_WRONLY | O_CLOEXEC);
                byte = fd >= 0 && fcntl(fd, F_SETLK, &lock) == 0;
                if (write(0, &byte, 1) != 1)
                        _exit(1);
                for (;;)
                        pause();
        }
        ck_assert_int_eq(read(ends[0], &byte, 1), 1);
        ck_assert_int_eq(byte, 1);
        close(ends[0]);
        close(ends[1]);
        return pid;
}

void world_svscan(void)
{
        ck_assert_int_eq(mkdirat(world_fd, "scan/.s6-svscan", 0700), 0);
        ck_assert_int_eq(mkfifoat(world_fd, "scan/.s6-svscan/control", 0600), 0);
        put("scan/.s6-svscan/lock", "", 0600);
        svscan_fifo = openat(world_fd, "scan/.s6-svscan/control", O_RDWR | O_NONBLOCK | O_CLOEXEC);
        ck_assert_int_ge(svscan_fifo, 0);
        ck_assert_uint_lt(process_count, sizeof(processes) / sizeof(processes[0]));
        processes[process_count++] = svscan_pid = hold_lock();
}

void svscan_end(void)
{
        close(svscan_fifo);
        svscan_fifo = -1;
        kill(svscan_pid, SIGKILL);
}

static void svscan_begins(const char *path, bool runs)
{
        struct toy *toy;

        if (toy_at(path))
                return;
        ck_assert_uint_lt(begun_count, sizeof(begun) / sizeof(begun[0]));
        toy = &begun[begun_count];
        toy_open(toy, path);
        if (runs)
                toy_runs(toy, 4000100 + (pid_t)begun_count, true);
        begun_count++;
}

static void svscan_sees(const char *name)
{
        char path[400], file[420];

        snprintf(path, sizeof(path), "services/%s", name);
        snprintf(file, sizeof(file), "%s/down", path);
        if (world_has(path))
                svscan_begins(path, !world_has(file));
        snprintf(path, sizeof(path), "services/%s/log", name);
        snprintf(file, sizeof(file), "%s/down", path);
        if (world_has(path))
                svscan_begins(path, !world_has(file));
}

static void svscan_look(void)
{
        DIR *directory = fdopendir(openat(world_fd, "scan", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
        struct dirent *entry;

        ck_assert_ptr_nonnull(directory);
        while ((entry = readdir(directory)))
                if (entry->d_type == DT_LNK)
                        svscan_sees(entry->d_name);
        closedir(directory);
}

/* s6-svscan of 2.11 takes a slot that has lost one of two for one that is gone. */
static bool is_half(const char *name)
{
        char path[320], log[330];

        snprintf(path, sizeof(path), "services/%s", name);
        snprintf(log, sizeof(log), "%s/log", path);
        return world_has(log) && !toy_at(path) != !toy_at(log);
}

static void svscan_ends_what_is_gone(void)
{
        for (size_t i = toy_count; i-- > 0;) {
                char name[300], link[320];

                if (sscanf(toys[i]->path, "services/%255[^/]", name) != 1)
                        continue;
                snprintf(link, sizeof(link), "scan/%s", name);
                if (!world_has(link) || is_half(name))
                        toy_close(toys[i]);
                i = i < toy_count ? i : toy_count;
        }
}

static void svscan_turn(void)
{
        char letter;

        while (svscan_fifo >= 0 && read(svscan_fifo, &letter, 1) == 1) {
                svscan_looks = svscan_looks || letter == 'a';
                if (letter == 'n')
                        svscan_ends_what_is_gone();
        }
        if (svscan_looks && !svscan_is_blind) {
                svscan_looks = false;
                svscan_look();
        }
}

void turn_once(void)
{
        svscan_turn();
        uv_run(&loop, UV_RUN_NOWAIT);
        usleep(2000);
}

void turn_for(int msec)
{
        for (int64_t until_msec = clock_msec() + msec; clock_msec() < until_msec;)
                turn_once();
}

void turn_until_told(struct toy *toy, const char *letters)
{
        const char *told = "";
        size_t again = strlen(toy->told);

        for (int64_t until_msec = clock_msec() + WORLD_DEADLINE_MSEC; !*told && clock_msec() < until_msec;
             turn_once()) {
                told = toy_letters(toy);
                /* The broker sends an order again whose effect does not show, which may be so on a busy machine. */
                while (again && strcmp(told, letters) != 0 && strncmp(told, toy->told, again) == 0)
                        told += again;
        }
        ck_assert_str_eq(told, letters);
        snprintf(toy->told, sizeof(toy->told), "%s", letters);
}

const char *world_record(const struct record *record)
{
        static char state[4096];
        struct record its = *record;
        struct text text;

        text_init(&text);
        if (!*its.boot)
                snprintf(its.boot, sizeof(its.boot), "%s", model.registry.boot);
        record_write(&its, NULL, &text);
        ck_assert(!text.failed);
        snprintf(state, sizeof(state), "%.*s", (int)text.length, text.bytes);
        text_deinit(&text);
        return state;
}

const char *world_wanted(void)
{
        return world_record(&(struct record){.want_up = true});
}

void world_gateway(const char *profile, const char *state, struct toy *gateway, struct toy *log)
{
        char name[300], path[400];

        if (!state)
                state = world_record(&(struct record){.want_up = false});
        snprintf(name, sizeof(name), "gateway-%s", profile);
        ck_assert_int_eq(slot_stage(&model.registry.slots, name, profile, NULL, state, SLOT_DOWN_BOTH), 0);
        ck_assert_int_eq(slot_commit(&model.registry.slots, name), 0);
        snprintf(path, sizeof(path), "services/%s", name);
        toy_open(gateway, path);
        snprintf(path, sizeof(path), "services/%s/log", name);
        toy_open(log, path);
}

/* What is to be down was found so. */
static bool are_stepped(void)
{
        for (size_t i = 0; i < model.registry.count; i++) {
                const struct service *service = model.registry.services[i];

                if (!service->record.want_up && service->own.goal.kind != GOAL_NONE &&
                    !service->own.status.pid)
                        return false;
        }
        return true;
}

struct service *world_adopt(const char *name)
{
        struct service *service;

        ck_assert_int_eq(adopt(&model.registry), 0);
        service = registry_find(&model.registry, name);
        ck_assert_ptr_nonnull(service);
        turn_for(5);
        TURN_UNTIL(are_stepped());
        return service;
}

Suite *world_suite(const char *name, const TTest *const *tests, size_t count)
{
        Suite *suite = suite_create(name);
        TCase *tcase = tcase_create(name);

        tcase_add_checked_fixture(tcase, world_open, world_close);
        for (size_t i = 0; i < count; i++)
                tcase_add_test(tcase, tests[i]);
        suite_add_tcase(suite, tcase);
        return suite;
}
