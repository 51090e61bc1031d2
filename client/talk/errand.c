/* SPDX-License-Identifier: ISC */
#include "client/talk/errand.h"

#include <errno.h>
#include <poll.h>

#include <json-c/json.h>

#include "client/lib/clock.h"
#include "client/lib/svcbroker.h"

#define RECONNECT_MSEC 100 /* between two tries */

void errand_begin(struct errand *errand, const struct options *options, const char *method,
                  struct json_object *parameters, unsigned flags, int64_t deadline_msec)
{
        *errand = (struct errand){.session = {.options = options},
                                  .method = method,
                                  .parameters = parameters,
                                  .flags = flags,
                                  .connect_msec = 0,
                                  .deadline_msec = deadline_msec};
}

void errand_end(struct errand *errand)
{
        session_close(&errand->session);
        json_object_put(errand->parameters);
        *errand = (struct errand){.method = NULL};
}

bool errand_is_under_way(const struct errand *errand)
{
        return errand->method;
}

/* Whether a broker may soon answer. A busy one has no room for a moment, and one that ended is soon started
 * again; but that there was none in the first place is told at once. */
static bool may_come(const struct errand *errand, int result)
{
        if (result == -ETIMEDOUT || result == -EAGAIN)
                return true;
        return errand->asked && errand->repeated &&
               (result == -ENOENT || result == -ECONNREFUSED || result == -ECONNRESET || result == -EPIPE);
}

static enum errand_event try_again(struct errand *errand, int *result)
{
        int64_t now_msec = clock_now_msec();

        session_close(&errand->session);
        if (!may_come(errand, *result) || now_msec >= errand->deadline_msec) {
                errand_end(errand);
                return ERRAND_BROKEN;
        }
        errand->connect_msec = now_msec + RECONNECT_MSEC;
        return ERRAND_NOTHING;
}

/* Connects, and sends the call. Returns 0 or negative errno. */
static int ask(struct errand *errand)
{
        const char *text = NULL;
        int result = session_reconnect(&errand->session, 0);

        if (result < 0)
                return result;
        if (errand->parameters)
                text = json_object_to_json_string_ext(errand->parameters, JSON_C_TO_STRING_PLAIN);
        if (errand->parameters && !text)
                return -ENOMEM;
        result = session_queue_text(&errand->session, errand->method, text, errand->flags);
        if (result < 0)
                return result;
        errand->connect_msec = ERRAND_NEVER_MSEC;
        errand->asked = true;
        return 0;
}

enum errand_event errand_turn(struct errand *errand, struct answer *answer, int *result)
{
        *result = 0;
        if (!errand->method)
                return ERRAND_NOTHING;
        if (!errand->session.connection) {
                if (clock_now_msec() < errand->connect_msec)
                        return ERRAND_NOTHING;
                *result = ask(errand);
                if (*result < 0)
                        return try_again(errand, result);
        }
        *result = session_take(&errand->session, 0, answer);
        if (*result == 0) {
                errand->deadline_msec = ERRAND_NEVER_MSEC;
                /* The answer's error is the connection's, which stays until errand_end(). */
                return ERRAND_ANSWER;
        }
        if (*result != -ETIMEDOUT)
                return try_again(errand, result);
        if (clock_now_msec() < errand->deadline_msec)
                return ERRAND_NOTHING;
        errand_end(errand);
        return ERRAND_BROKEN;
}

int errand_fd(const struct errand *errand, short *events)
{
        *events = 0;
        if (!errand->method || !errand->session.connection)
                return -1;
        *events = svcbroker_events(errand->session.connection);
        return svcbroker_fd(errand->session.connection);
}

int64_t errand_next_msec(const struct errand *errand)
{
        if (!errand->method)
                return ERRAND_NEVER_MSEC;
        return errand->connect_msec < errand->deadline_msec ? errand->connect_msec : errand->deadline_msec;
}
