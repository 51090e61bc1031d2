/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <uv.h>

#include "daemon/log/log.h"
#include "daemon/edge/rights.h"
#include "daemon/edge/seccomp.h"
#include "daemon/loop/timer.h"
#include "daemon/loop/watchdog.h"
#include "daemon/bounds.h"
#include "daemon/failure.h"
#include "daemon/memory.h"
#include "daemon/order/world.h"
#include "daemon/options.h"
#include "daemon/doctor/diagnose.h"
#include "daemon/methods/methods.h"
#include "daemon/session/peer.h"
#include "daemon/session/server.h"
#include "daemon/start.h"
#include "proto/sysname.h"

struct broker {
        uv_loop_t loop;
        uv_signal_t term;
        uv_signal_t interrupt;
        struct world world;
        struct server server;
        struct watchdog watchdog;
        int notification_fd; /* -1: there is none, or readiness was announced */
        bool ready;          /* readiness was announced */
        struct timer settle; /* since the boot is over: until the memory that it took is given back */
};

/* All methods that can be called. */
static const struct method *const methods[] = {
        queries_methods, orders_methods,  slots_methods, reconcile_methods, diagnose_methods, history_methods,
        about_methods,   metrics_methods, NULL,
};

static void broker_drained(struct server *server)
{
        struct broker *broker = server->loop->data;

        watchdog_stop(&broker->watchdog);
        timer_close(&broker->settle, NULL);
        diagnose_close(server);
        server_deinit(server);
        world_deinit(&broker->world);
        uv_close((uv_handle_t *)&broker->term, NULL);
        uv_close((uv_handle_t *)&broker->interrupt, NULL);
}

static void broker_on_signal(uv_signal_t *handle, int number)
{
        struct broker *broker = handle->data;

        if (broker->server.draining)
                return;
        log_line("main: signal %d: draining", number);
        server_drain(&broker->server, broker_drained);
}

static int broker_watch_signal(struct broker *broker, uv_signal_t *handle, int number)
{
        int result = uv_signal_init(&broker->loop, handle);

        handle->data = broker;
        return result ? result : uv_signal_start(handle, broker_on_signal, number);
}

static void broker_say_ready(struct broker *broker)
{
        int fd = broker->notification_fd;

        if (broker->ready)
                return;
        broker->ready = true;
        log_line("main: ready");
        broker->notification_fd = -1;
        if (fd < 0)
                return;
        if (write(fd, "\n", 1) != 1)
                log_line("main: cannot announce readiness: %s", sysname_error(errno));
        close(fd);
}

static void broker_settle(void *owner)
{
        memory_settle();
}

/* The boot is over, as far as it could be. */
static void broker_booted(struct broker *broker)
{
        broker_say_ready(broker);
        timer_start(&broker->settle, MEMORY_SETTLE_MSEC);
}

static void broker_reconciled(void *owner, const struct reconcile_action *actions, size_t count, int error)
{
        if (error != ECANCELED)
                broker_booted(owner);
}

static void broker_has_first(void *owner)
{
        broker_say_ready(owner);
}

/* Reconciles at boot. Readiness is announced when every profile that is wanted has its slot, or the volume
 * has had its time: nobody waits for what is down. */
static void broker_reconcile(struct broker *broker)
{
        struct reconcile_request *request =
                broker->world.registry.boot_policy.no_gateways ? NULL : calloc(1, sizeof(*request));

        if (!request) {
                broker_booted(broker);
                return;
        }
        request->boot = request->root = true;
        request->first = broker_has_first;
        request->done = broker_reconciled;
        request->owner = broker;
        reconcile_run(&broker->world.registry, request);
}

/* Does what comes before everything else. 0, or the exit code. */
static int broker_begin(struct broker *broker, enum seccomp_mode seccomp, unsigned *files)
{
        int result;

        signal(SIGPIPE, SIG_IGN);
        signal(SIGHUP, SIG_IGN); /* there is nothing to read anew */
        result = rights_begin(START_FILES);
        if (result)
                return fail(-result, "see that the container lets a process give up privileges",
                            "no_new_privs and limits");
        seccomp_begin(&broker->server.seccomp, seccomp);
        result = start_files(files);
        if (result)
                return result;
        result = uv_loop_init(&broker->loop);
        if (result)
                return fail(-result, "see that the kernel has epoll", "event loop");
        broker->loop.data = broker;
        server_init(&broker->server, &broker->loop, &broker->world.registry, methods);
        outcomes_listen(&broker->world.registry);
        history_listen(&broker->world.registry);
        slots_listen(&broker->world.registry);
        return 0;
}

static int broker_watch_signals(struct broker *broker)
{
        int result = broker_watch_signal(broker, &broker->term, SIGTERM);

        if (result == 0)
                result = broker_watch_signal(broker, &broker->interrupt, SIGINT);
        return result ? fail(-result, "see that the kernel has epoll", "signals") : 0;
}

static int broker_guard(struct broker *broker, int64_t limit_msec)
{
        int result = watchdog_start(&broker->watchdog, &broker->loop, limit_msec);

        return result ? fail(-result, "see that the container lets a process have threads", "watchdog") : 0;
}

int main(int argc, char **argv)
{
        static struct broker broker; /* large, and there is only one */
        struct options options;
        unsigned files = 0;
        int exit_code;

        if (options_parse(argc, argv, &options, &exit_code))
                return exit_code;
        memory_begin();
        /* The environment is the container's, and libraries look into it, but nothing in it is meant for the
         * broker any longer. Strings of it that options point to stay where they are. */
        clearenv();
        exit_code = broker_begin(&broker, options.seccomp, &files);
        if (exit_code == 0)
                exit_code = start_everything(&options, &broker.loop, &broker.server, &broker.world, files);
        if (exit_code == 0)
                exit_code = broker_watch_signals(&broker);
        if (exit_code == 0)
                exit_code = broker_guard(&broker, options.watchdog_msec);
        if (exit_code)
                return exit_code;
        timer_init(&broker.settle, &broker.loop, broker_settle, &broker);
        broker.notification_fd = options.notification_fd;
        broker_reconcile(&broker);
        uv_run(&broker.loop, UV_RUN_DEFAULT);
        uv_loop_close(&broker.loop);
        slots_close(&broker.world.registry.slots);
        scandir_close(&broker.world.registry.scandir);
        close(broker.world.registry.lock_fd);
        log_line("main: ended");
        if (broker.world.registry.deputy.abandoned || broker.world.registry.store.deputy.abandoned)
                _exit(0);
        return 0;
}
