/* SPDX-License-Identifier: ISC */
#include "client.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "wants.h"

/* Calls as the seed makes them up. */

static const char *const call_names[METHODS] = {
        [METHOD_INFO] = "org.varlink.service.GetInfo",
        [METHOD_DESCRIPTION] = "org.varlink.service.GetInterfaceDescription",
        [METHOD_LIST] = "io.svcbroker.List",
        [METHOD_STATUS] = "io.svcbroker.Status",
        [METHOD_START] = "io.svcbroker.Start",
        [METHOD_STOP] = "io.svcbroker.Stop",
        [METHOD_RESTART] = "io.svcbroker.Restart",
        [METHOD_RESET] = "io.svcbroker.Reset",
        [METHOD_SIGNAL] = "io.svcbroker.Signal",
        [METHOD_REGISTER] = "io.svcbroker.Register",
        [METHOD_UNREGISTER] = "io.svcbroker.Unregister",
        [METHOD_RECONCILE] = "io.svcbroker.Reconcile",
        [METHOD_WATCH] = "io.svcbroker.Watch",
        [METHOD_HEALTH] = "io.svcbroker.Health",
        [METHOD_DIAGNOSE] = "io.svcbroker.Diagnose",
        [METHOD_NONSENSE] = "io.svcbroker.Halt",
};

/* No name of a service, or of none that there is; each but the last has the word by which a path that holds one is known. */
static const char *const bad_names[] = {"gateway-../evil", "gateway-evil/x",  "../evil",    "gateway-Evil",
                                        "gateway-evil.",   "gateway-\\nevil", "evil/../..", ".evil",
                                        "gateway-evil~",   "gateway-"};

struct draft {
        char text[CLIENT_OUT_BYTES / 2];
        size_t length;
        bool any; /* parameter */
};

__attribute__((format(printf, 2, 3))) static void put(struct draft *draft, const char *format, ...)
{
        va_list arguments;
        int length;

        va_start(arguments, format);
        length = vsnprintf(draft->text + draft->length, sizeof(draft->text) - draft->length, format,
                           arguments);
        va_end(arguments);
        if (length > 0 && draft->length + (size_t)length < sizeof(draft->text))
                draft->length += (size_t)length;
}

static void put_name(struct draft *draft, const char *name)
{
        put(draft, "%s\"%s\":", draft->any ? "," : "", name);
        draft->any = true;
}

/* Room for another call, and nothing before it that ends all. */
static bool may_call(const struct client *client, size_t bytes)
{
        return client->fd >= 0 && !client->ended && !client->fatal && !client->partial &&
               client->count < CLIENT_CALLS && client->out_length + bytes < CLIENT_OUT_BYTES;
}

static struct call_sent *add_call(struct client *client, enum call_kind method)
{
        struct call_sent *call = &client->calls[client->count++];

        *call = (struct call_sent){.method = method,
                                   .environment = WANTS_SAME_ENVIRONMENT,
                                   .start = true,
                                   .ordinal = ++client->made_calls};
        return call;
}

static void put_out(struct client *client, struct call_sent *call, const char *bytes, size_t length)
{
        if (client->out_at) {
                memmove(client->out, client->out + client->out_at, client->out_length - client->out_at);
                client->out_length -= client->out_at;
                client->out_at = 0;
        }
        memcpy(client->out + client->out_length, bytes, length);
        client->out_length += length;
        client->made += length;
        call->end = client->made;
}

static void put_call(struct client *client, struct call_sent *call, const struct draft *parameters)
{
        static struct draft message;

        message.length = 0;
        put(&message, "{\"method\":\"%s\"", call_names[call->method]);
        if (parameters->any || sim_chance(300000))
                put(&message, ",\"parameters\":{%.*s}", (int)parameters->length, parameters->text);
        if (call->more)
                put(&message, ",\"more\":true");
        if (call->oneway)
                put(&message, ",\"oneway\":true");
        put(&message, "}");
        sim_trace("client %u: %.*s", client->number, (int)message.length > 300 ? 300 : (int)message.length,
                  message.text);
        put_out(client, call, message.text, message.length + 1);
}

static bool has_name(const struct call_sent *call, const char *name)
{
        for (unsigned i = 0; i < call->count; i++)
                if (strcmp(call->names[i], name) == 0)
                        return true;
        return false;
}

static void choose_name(char name[CLIENT_NAME_BYTES])
{
        if (sim_chance(40000))
                snprintf(name, CLIENT_NAME_BYTES, "%s",
                         bad_names[sim_below(sizeof(bad_names) / sizeof(bad_names[0]))]);
        else if (sim_chance(50000))
                snprintf(name, CLIENT_NAME_BYTES, "%s", sim_chance(500000) ? "dashboard" : "main-hermes");
        else
                snprintf(name, CLIENT_NAME_BYTES, "gateway-%s", habit_profile());
}

static void put_names(struct draft *draft, struct call_sent *call, unsigned most)
{
        unsigned wanted = 1 + sim_below(most);

        for (unsigned i = 0; i < wanted; i++) {
                char name[CLIENT_NAME_BYTES];

                choose_name(name);
                if (!has_name(call, name))
                        memcpy(call->names[call->count++], name, CLIENT_NAME_BYTES);
        }
        put_name(draft, "names");
        for (unsigned i = 0; i < call->count; i++)
                put(draft, "%s\"%s\"", i ? "," : "[", call->names[i]);
        if (call->method != METHOD_WATCH && sim_chance(10000)) { /* twice the same */
                put(draft, ",\"%s\"", call->names[0]);
                call->wrong = true;
        }
        put(draft, "]");
}

static void put_wait(struct draft *draft, struct call_sent *call, const char *state)
{
        static const int64_t timeouts_msec[] = {0, 1, 500, 3000, 30000, 120000, 600000};
        int64_t timeout_msec = timeouts_msec[sim_below(7)];

        if (!sim_chance(450000))
                return;
        call->waits = true;
        put_name(draft, "wait");
        put(draft, "\"%s\"", state);
        call->wait_usec = 30000000;
        if (sim_chance(600000)) {
                put_name(draft, "timeout_msec");
                put(draft, "%lld", (long long)timeout_msec);
                call->wait_usec = timeout_msec * 1000;
        }
}

static void put_kill_after(struct draft *draft)
{
        static const int msec[] = {0, 200, 5000, 60000, 600000};

        if (!sim_chance(250000))
                return;
        put_name(draft, "kill_after_msec");
        put(draft, "%d", msec[sim_below(5)]);
}

static void put_signal(struct draft *draft, struct call_sent *call)
{
        static const char *const names[] = {"KILL", "TERM", "KILL", "TERM", "INT",   "QUIT", "HUP",
                                            "USR1", "USR2", "STOP", "CONT", "WINCH", "SEGV"};
        unsigned number = sim_below(13);

        put_name(draft, "signal");
        put(draft, "\"%s\"", names[number]);
        call->wrong = call->wrong || number == 12;
}

static void make_order(struct draft *draft, struct call_sent *call)
{
        const bool wants = call->method != METHOD_RESET && call->method != METHOD_SIGNAL;

        call->all = wants && sim_chance(80000);
        if (call->all) {
                put_name(draft, "all");
                put(draft, "true");
        } else {
                put_names(draft, call, sim_chance(300000) ? CLIENT_CALL_NAMES : 1);
        }
        if (wants)
                put_wait(draft, call, call->method == METHOD_STOP ? "down" : "up");
        if (call->method == METHOD_STOP || call->method == METHOD_RESTART)
                put_kill_after(draft);
        if (call->method == METHOD_SIGNAL)
                put_signal(draft, call);
        call->more = sim_chance(250000);
}

/* Profiles only, without "gateway-". */
static void put_profile(struct draft *draft, struct call_sent *call)
{
        char name[CLIENT_NAME_BYTES];

        do
                choose_name(name);
        while (strncmp(name, "gateway-", 8) != 0);
        memcpy(call->names[0], name, CLIENT_NAME_BYTES);
        call->count = 1;
        put_name(draft, "profile");
        put(draft, "\"%s\"", name + 8);
}

static void put_environment(struct draft *draft, struct call_sent *call)
{
        unsigned more = sim_chance(100000) ? 1 + sim_below(20) : 0;

        call->replaces = true;
        put_name(draft, "environment");
        if (sim_chance(150000)) {
                call->environment = WANTS_NO_ENVIRONMENT;
                put(draft, "{}");
                return;
        }
        call->environment = wants_new_environment();
        put(draft, "{\"MARK\":\"%d\"", call->environment);
        for (unsigned i = 0; i < more; i++)
                put(draft, ",\"V%u\":\"%0*d\"", i, (int)sim_below(900) + 1, 7);
        if (sim_chance(30000)) {
                put(draft, ",\"HOME\":\"/evil\"");
                call->wrong = true;
        }
        put(draft, "}");
}

static void make_register(struct draft *draft, struct call_sent *call)
{
        put_profile(draft, call);
        if (sim_chance(600000))
                put_environment(draft, call);
        if (sim_chance(500000)) {
                call->start = sim_chance(600000);
                put_name(draft, "start");
                put(draft, "%s", call->start ? "true" : "false");
        }
        call->wait_usec = 90000000;
}

static void make_unregister(struct draft *draft, struct call_sent *call)
{
        static const int timeouts_msec[] = {0, 100, 3000, 60000};
        int timeout_msec = 20000;

        put_profile(draft, call);
        if (sim_chance(500000)) {
                timeout_msec = timeouts_msec[sim_below(4)];
                put_name(draft, "timeout_msec");
                put(draft, "%d", timeout_msec);
        }
        call->wait_usec = timeout_msec * (int64_t)1000 + 60000000;
}

static void make_subject(struct draft *draft, struct call_sent *call)
{
        choose_name(call->names[0]);
        call->count = 1;
        put_name(draft, "name");
        put(draft, "\"%s\"", call->names[0]);
}

static void make_parameters(struct draft *draft, struct call_sent *call)
{
        switch (call->method) {
        case METHOD_START:
        case METHOD_STOP:
        case METHOD_RESTART:
        case METHOD_RESET:
        case METHOD_SIGNAL:
                make_order(draft, call);
                break;
        case METHOD_REGISTER:
                make_register(draft, call);
                break;
        case METHOD_UNREGISTER:
                make_unregister(draft, call);
                break;
        case METHOD_STATUS:
                make_subject(draft, call);
                break;
        case METHOD_WATCH:
                call->more = !sim_chance(50000);
                if (sim_chance(300000))
                        put_names(draft, call, 3);
                break;
        case METHOD_RECONCILE:
                call->dry = sim_chance(500000);
                put_name(draft, "dry_run");
                put(draft, "%s", call->dry ? "true" : "false");
                call->more = sim_chance(200000);
                break;
        case METHOD_DESCRIPTION:
                put_name(draft, "interface");
                put(draft, "\"%s\"", sim_chance(500000) ? "io.svcbroker" : "org.varlink.service");
                break;
        case METHOD_LIST:
        case METHOD_HEALTH:
                call->more = sim_chance(300000);
                break;
        case METHOD_INFO:
        case METHOD_DIAGNOSE:
        case METHOD_NONSENSE:
                break;
        }
}

/* Wrong in a way that every method knows. */
static void spoil(struct draft *draft, struct call_sent *call)
{
        call->wrong = true;
        put_name(draft, call->method == METHOD_HEALTH ? "names" : "evil");
        put(draft, "%s", sim_chance(500000) ? "7" : "{\"a\":null}");
}

void client_make_call(struct client *client)
{
        static struct draft parameters;
        struct call_sent *call;

        if (!may_call(client, sizeof(parameters.text)))
                return;
        parameters.length = 0;
        parameters.any = false;
        call = add_call(client, habit_method());
        make_parameters(&parameters, call);
        if (sim_chance(20000) && call->method != METHOD_NONSENSE)
                spoil(&parameters, call);
        call->wrong = call->wrong || call->method == METHOD_NONSENSE;
        call->oneway = !call->more && sim_chance(30000);
        put_call(client, call, &parameters);
}

void client_make_nonsense(struct client *client)
{
        static const char *const messages[] = {"{",
                                               "[]",
                                               "{\"method\":1}",
                                               "{\"method\":\"a\",\"method\":\"b\"}",
                                               "x",
                                               "{\"method\":\"io.svcbroker.Stop\",\"parameters\":[\"evil\"]}",
                                               ""};
        static char large[CLIENT_OUT_BYTES - 8 * 1024];
        const char *message = messages[sim_below(7)];
        struct call_sent *call;

        if (!may_call(client, sizeof(large)))
                return;
        call = add_call(client, METHOD_NONSENSE);
        call->fatal = client->fatal = true;
        sim_trace("client %u: nonsense: %s", client->number, message);
        if (*message) {
                put_out(client, call, message, strlen(message) + 1);
                return;
        }
        memset(large, ' ', sizeof(large)); /* too large; that shows before its end */
        put_out(client, call, large, sizeof(large));
}

void client_make_query(struct client *client, enum call_kind method, bool more, const char *name)
{
        static struct draft parameters;
        struct call_sent *call;

        if (!may_call(client, sizeof(parameters.text)))
                return;
        parameters.length = 0;
        parameters.any = false;
        call = add_call(client, method);
        call->more = more;
        if (name) {
                snprintf(call->names[0], CLIENT_NAME_BYTES, "%s", name);
                call->count = 1;
                put_name(&parameters, "name");
                put(&parameters, "\"%s\"", name);
        }
        put_call(client, call, &parameters);
}

void client_make_watch(struct client *client, const char *name)
{
        (void)name;
        client_make_query(client, METHOD_WATCH, true, NULL);
}
