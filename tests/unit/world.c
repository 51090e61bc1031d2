#include "world.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/service/turn.h"
#include "daemon/slot/adopt.h"

char world[] = "/tmp/unit-world-XXXXXX";
int world_fd;
struct world model;
struct toy own, logger;

static uv_loop_t loop;
static pid_t processes[8];
static size_t process_count;
static char services[64], template[64], scan[64], home[64];

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
        ck_assert_int_eq(deputy_open(&model.registry.deputy, &loop, getuid(), getgid(), false, true, 1), 0);
        ck_assert_int_eq(store_open(&model.registry.store, &loop, &model.registry.ready, home, getuid(),
                                    getgid(), false),
                         0);
}

void world_close(void)
{
        char command[128];

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
        if (!toy->since_usec)
                toy_is_down(toy, false, 0);
}

void toy_close(struct toy *toy)
{
        char name[600];
        int lock;

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

        while (toy->fifo >= 0 && read(toy->fifo, &letter, 1) == 1) {
                if (letter == 'u' && toy->told_up)
                        continue;
                toy->told_up = letter == 'u' || (toy->told_up && letter != 'd' && letter != 'o');
                ck_assert_uint_lt(length, sizeof(toy->letters) - 1);
                toy->letters[length++] = letter;
                toy->letters[length] = '\0';
        }
}

/* As s6 2.11 writes it; stamps differ from each other. */
static void write_status(struct toy *toy, pid_t pid, int wait_status, unsigned flags)
{
        unsigned char bytes[35] = {0};
        char name[600], new_name[600];
        int64_t now_usec = clock_utc_usec();
        int fd;

        take(toy);
        toy->told_up = false; /* of what is there now */
        toy->since_usec = now_usec > toy->since_usec ? now_usec : toy->since_usec + 1;
        put_number(bytes, (UINT64_C(1) << 62) + 37 + (uint64_t)(toy->since_usec / 1000000), 8);
        put_number(bytes + 8, (uint64_t)(toy->since_usec % 1000000) * 1000, 4);
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

const char *toy_letters(struct toy *toy)
{
        static char letters[sizeof(toy->letters)];

        take(toy);
        snprintf(letters, sizeof(letters), "%s", toy->letters);
        toy->letters[0] = '\0';
        return letters;
}

pid_t world_process(void)
{
        pid_t pid;

        signal(SIGTERM, SIG_DFL);
        pid = fork();
        if (pid == 0) {
                close(own.fifo);
                close(logger.fifo);
                for (;;)
                        pause();
        }
        ck_assert_uint_lt(process_count, sizeof(processes) / sizeof(processes[0]));
        processes[process_count++] = pid;
        return pid;
}

void turn_once(void)
{
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

        for (int64_t until_msec = clock_msec() + WORLD_DEADLINE_MSEC; !*told && clock_msec() < until_msec;
             turn_once())
                told = toy_letters(toy);
        ck_assert_str_eq(told, letters);
}

void world_gateway(const char *profile, const char *state, struct toy *gateway, struct toy *log)
{
        struct record record = {.want_up = false};
        char name[300], path[400];
        struct text text;

        text_init(&text);
        snprintf(record.boot, sizeof(record.boot), "%s", model.registry.boot);
        record_write(&record, NULL, &text);
        text_append(&text, "", 1);
        snprintf(name, sizeof(name), "gateway-%s", profile);
        ck_assert_int_eq(
                slot_stage(&model.registry.slots, name, profile, NULL, state ? state : text.bytes, true), 0);
        ck_assert_int_eq(slot_commit(&model.registry.slots, name), 0);
        text_deinit(&text);
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
