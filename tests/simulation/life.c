/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clients.h"
#include "core.h"

#include "daemon/order/world.h"
#include "daemon/session/server.h"

/* Between two lives: s6-supervise waits a second after a start, and then begins at once. */
#define START_AGAIN_USEC 1000000
#define START_ALONE_SEC 100 /* tries to start in a row that may fail, where nothing is wrong any more */

bool sim_inside;

static struct server *server; /* the broker's, in this life */
static bool serving, running, ready, terminated;
static int64_t began_usec;

struct server *sim_server(void)
{
        return running ? server : NULL;
}

struct world *sim_world(void)
{
        /* main.c has the registry in its world, in the first place. */
        return running ? (struct world *)server->registry : NULL;
}

/* uv_run() has begun: all is set up. */
void life_runs(void)
{
        running = true;
}

bool life_is_serving(void)
{
        return serving;
}

bool sim_broker_is_ready(void)
{
        return running && ready;
}

/* The one place where we get to know where main.c keeps things. */
void __real_server_init(struct server *its, uv_loop_t *loop, struct registry *registry,
                        const struct method *const *methods);
void __wrap_server_init(struct server *its, uv_loop_t *loop, struct registry *registry,
                        const struct method *const *methods);
void __wrap_server_init(struct server *its, uv_loop_t *loop, struct registry *registry,
                        const struct method *const *methods)
{
        _Static_assert(offsetof(struct world, registry) == 0, "sim_world()");
        server = its;
        __real_server_init(its, loop, registry, methods);
}

void __real_server_deinit(struct server *its);
void __wrap_server_deinit(struct server *its);
void __wrap_server_deinit(struct server *its)
{
        running = ready = false;
        __real_server_deinit(its);
}

void calls_log(const char *bytes, size_t length)
{
        char line[1024];
        bool inside = sim_inside;

        while (length && bytes[length - 1] == '\n')
                length--;
        snprintf(line, sizeof(line), "%.*s", (int)length, bytes);
        sim_trace("log %s", line);
        inside_end();
        company->on_log(line);
        if (inside)
                inside_begin();
        if (length >= 11 && memcmp(bytes, "main: ready", 11) == 0)
                ready = true;
}

/* gcov's, where it is built for that. */
void __gcov_dump(void) __attribute__((weak));

_Noreturn void life_end(enum life_end how)
{
        inside_end();
        if (how == LIFE_KILLED || how == LIFE_ENDED)
                for (unsigned i = 0; company->actors[i]; i++)
                        if (company->actors[i]->save)
                                company->actors[i]->save();
        core->end = how;
        trace_flush();
        if (__gcov_dump)
                __gcov_dump();
        _exit(0);
}

void sim_broker_not_before(int64_t usec)
{
        if (usec > core->broker_not_before_usec)
                core->broker_not_before_usec = usec;
}

static void start_again(void)
{
        int64_t next = began_usec + START_AGAIN_USEC;

        sim_broker_not_before(next > core->now_usec ? next : core->now_usec);
}

_Noreturn void sim_broker_kill(const char *why)
{
        inside_end();
        sim_trace("broker is killed: %s", why);
        core->failed_starts = 0;
        start_again();
        life_end(LIFE_KILLED);
}

void sim_broker_terminate(void)
{
        if (!serving || terminated)
                return;
        sim_trace("broker is told to end");
        terminated = true;
        loop_signal(SIGTERM);
}

/* What the broker says before it has a log is part of the trace, too. */
static ssize_t say(void *owner, const char *bytes, size_t length)
{
        (void)owner;
        calls_log(bytes, length);
        return (ssize_t)length;
}

static int run_broker(void)
{
        static char socket[96], scandir[96], services[96], template[96], home[96];
        char *arguments[32] = {(char *)"svcbrokerd",
                               (char *)"--socket",
                               socket,
                               (char *)"--scandir",
                               scandir,
                               (char *)"--services",
                               services,
                               (char *)"--template",
                               template,
                               (char *)"--client-user",
                               (char *)"hermes",
                               (char *)"--hermes-home",
                               home,
                               NULL};
        int count = 0;

        while (arguments[count])
                count++;
        for (const char *const *option = core->settings.options; option && *option; option++)
                arguments[count++] = (char *)*option;

        snprintf(socket, sizeof(socket), "%s/" SIM_SOCKET, sim_path);
        snprintf(scandir, sizeof(scandir), "%s/scan", sim_path);
        snprintf(services, sizeof(services), "%s/services", sim_path);
        snprintf(template, sizeof(template), "%s/template", sim_path);
        snprintf(home, sizeof(home), "%s/volume", sim_path);
        began_usec = core->now_usec;
        optind = 0; /* main() has used it */
        stderr = fopencookie(NULL, "w", (cookie_io_functions_t){.write = say});
        setvbuf(stderr, NULL, _IOLBF, 0);
        serving = true;
        inside_begin();
        return broker_main(count, arguments);
}

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/lsan_interface.h>

const char *__ubsan_default_options(void);
const char *__ubsan_default_options(void)
{
        return "halt_on_error=1:print_stacktrace=1";
}
#endif

/* What it left, having ended in order. A descriptor or a handle is a leak. */
static void check_end(void)
{
        unsigned left = descriptors_in_use();

        SIM_HOLDS(loop_handles() == 0, "handles", "%u handles are left at the end", loop_handles());
        SIM_HOLDS(left == 0, "descriptors", "%u descriptors are open at the end", left);
#ifdef __SANITIZE_ADDRESS__
        SIM_HOLDS(!__lsan_do_recoverable_leak_check(), "memory", "some is lost: see above");
#endif
}

/* It is over, with a thread left where it hangs or not. */
_Noreturn static void finish(int result, bool hangs)
{
        inside_end();
        serving = running = ready = false;
        sim_trace("broker ended: %d", result);
        start_again();
        if (result) {
                core->failed_starts++;
                SIM_HOLDS(!core->quiet || core->failed_starts < START_ALONE_SEC, "liveness",
                          "the broker cannot start: %d", result);
                life_end(LIFE_ENDED);
        }
        core->failed_starts = 0;
        if (!hangs)
                check_end();
        life_end(core->is_over ? LIFE_RUN_IS_OVER : LIFE_ENDED);
}

/* main()'s _exit(), where a thread hangs. */
_Noreturn void broker_left(int result);
_Noreturn void broker_left(int result)
{
        finish(result, true);
}

_Noreturn void life_run(void)
{
        for (unsigned i = 0; company->actors[i]; i++)
                if (company->actors[i]->begin)
                        company->actors[i]->begin();
        turn_wait_for_broker();
        sim_trace("broker begins: life %u", core->life);
        finish(run_broker(), false);
}
