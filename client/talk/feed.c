/* SPDX-License-Identifier: ISC */
#include "client/talk/feed.h"

#include <errno.h>
#include <string.h>

#include <json-c/json.h>

#include "client/lib/clock.h"
#include "client/lib/svcbroker.h"
#include "client/say/member.h"
#include "proto/interface.h"

#define RECONNECT_MSEC 100 /* between two tries */
#define RECONNECT_PATIENCE_MSEC 1000
/* While a broker starts, one of its sockets may be there and another not yet, or not with its mode. */
#define DENIED_PATIENCE_MSEC 3000
/* How long after the last service that a new connection told of, it has told of all that there are. */
#define SETTLE_MSEC 1000

bool feed_is_over(const struct feed *feed)
{
        return feed->result < 0 || feed->refusal.error;
}

/* Sends Health and Watch. Health is answered at once, even if there is nothing that Watch could tell of. */
static int queue_calls(struct feed *feed)
{
        struct svcbroker *connection = feed->session->connection;
        const char *text = NULL;
        int result = svcbroker_queue(connection, IO_SVCBROKER ".Health", NULL, 0);

        if (result == 0 && feed->parameters) {
                text = json_object_to_json_string_ext(feed->parameters, JSON_C_TO_STRING_PLAIN);
                result = text ? 0 : -ENOMEM;
        }
        return result < 0 ? result : svcbroker_queue(connection, IO_SVCBROKER ".Watch", text, SVCBROKER_MORE);
}

/* Whether the result is that of a broker that is being started again, not of one that nobody could ever talk
 * to. */
static bool is_absence(int result)
{
        return result == -ENOENT || result == -ECONNREFUSED || result == -ECONNRESET ||
               result == -ETIMEDOUT || result == -EAGAIN || result == -ENODATA || result == -EPIPE;
}

static void note_absence(struct feed *feed)
{
        int64_t now_msec = clock_now_msec();

        session_close(feed->session);
        if (feed->away_msec == FEED_NEVER_MSEC)
                feed->away_msec = now_msec;
        feed->settle_msec = FEED_NEVER_MSEC;
        feed->answer_msec = FEED_NEVER_MSEC;
        feed->connect_msec = now_msec + RECONNECT_MSEC;
        feed->changed = true;
}

static void begin_watch(struct feed *feed)
{
        int result = queue_calls(feed);

        feed->connect_msec = FEED_NEVER_MSEC;
        feed->settle_msec = FEED_NEVER_MSEC;
        feed->answer_msec = clock_now_msec() + session_patience(feed->session);
        feed->settled = false;
        roster_doubt(&feed->roster);
        if (is_absence(result))
                note_absence(feed);
        else
                feed->result = result;
}

/* Notes that the broker answers again. */
static void note_return(struct feed *feed)
{
        int64_t now_msec = clock_now_msec();

        if (feed->away_msec == FEED_NEVER_MSEC)
                return;
        feed->absence_msec = now_msec - feed->away_msec;
        feed->back_msec = now_msec;
        feed->away_msec = FEED_NEVER_MSEC;
        feed->changed = true;
}

static void reconnect(struct feed *feed)
{
        int result = session_reconnect(feed->session, RECONNECT_PATIENCE_MSEC);
        int64_t now_msec = clock_now_msec();

        if (result == 0)
                begin_watch(feed);
        else if (is_absence(result) ||
                 (result == -EACCES && now_msec - feed->away_msec < DENIED_PATIENCE_MSEC))
                feed->connect_msec = now_msec + RECONNECT_MSEC;
        else
                feed->result = result;
}

static void take_answer(struct feed *feed, struct answer *answer)
{
        const char *event;

        if (answer->error) {
                feed->refusal = *answer;
                return;
        }
        event = member_string(answer->parameters, "event");
        note_return(feed);
        feed->answer_msec = FEED_NEVER_MSEC;
        /* The other services come right after this one. Changes do not show that all have come, and may never
         * cease. */
        if (!feed->settled && (!event || strcmp(event, "present") == 0))
                feed->settle_msec = clock_now_msec() + SETTLE_MSEC;
        feed->result = roster_take(&feed->roster, event, member_object(answer->parameters, "service"));
        answer_deinit(answer);
        feed->changed = true;
}

static void take_answers(struct feed *feed)
{
        while (!feed_is_over(feed)) {
                struct answer answer;
                int result = session_take(feed->session, 0, &answer);

                if (result == -ETIMEDOUT)
                        return;
                if (result == 0)
                        take_answer(feed, &answer);
                else if (is_absence(result))
                        return note_absence(feed);
                else
                        feed->result = result;
        }
}

static void look_at_clock(struct feed *feed)
{
        int64_t now_msec = clock_now_msec();

        if (now_msec >= feed->connect_msec)
                reconnect(feed);
        if (now_msec >= feed->answer_msec && feed->away_msec == FEED_NEVER_MSEC)
                feed->result = -ETIMEDOUT;
        else if (now_msec >= feed->answer_msec)
                note_absence(feed);
        if (now_msec >= feed->settle_msec) {
                feed->settle_msec = FEED_NEVER_MSEC;
                feed->settled = true;
                feed->changed = true;
                roster_settle(&feed->roster);
        }
}

void feed_init(struct feed *feed, struct session *session, struct json_object *parameters)
{
        *feed = (struct feed){.session = session,
                              .parameters = parameters,
                              .away_msec = FEED_NEVER_MSEC,
                              .back_msec = FEED_NEVER_MSEC};
        roster_init(&feed->roster);
        begin_watch(feed);
}

void feed_deinit(struct feed *feed)
{
        answer_deinit(&feed->refusal);
        roster_deinit(&feed->roster);
        json_object_put(feed->parameters);
}

void feed_turn(struct feed *feed)
{
        bool away;

        if (feed->session->connection)
                take_answers(feed);
        if (feed_is_over(feed))
                return;
        away = !feed->session->connection;
        look_at_clock(feed);
        if (away && feed->session->connection && !feed_is_over(feed))
                take_answers(feed); /* this also sends the calls that were queued on the new connection */
}

int feed_fd(const struct feed *feed)
{
        return feed->session->connection ? svcbroker_fd(feed->session->connection) : -1;
}

int64_t feed_next_msec(const struct feed *feed)
{
        int64_t next_msec = feed->answer_msec;

        if (feed->settle_msec < next_msec)
                next_msec = feed->settle_msec;
        if (feed->connect_msec < next_msec)
                next_msec = feed->connect_msec;
        return next_msec;
}
