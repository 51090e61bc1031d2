/* SPDX-License-Identifier: ISC */
/* gateway_state.json and state/gateway.lifecycle.json, which the application writes, or anybody of the client's. */
#include <json-c/json.h>

#include "daemon/judge/foreign.h"
#include "daemon/judge/intent.h"
#include "proto/json.h"

#include "fuzz.h"

static const char *const names[] = {"desired_state", "gateway_state", "phase"};

#define NAMES (sizeof(names) / sizeof(names[0]))

static bool is_plain(const char *text)
{
        size_t length = strlen(text);

        for (size_t i = 0; i < length; i++)
                if (text[i] < ' ' || text[i] > '~')
                        return false;
        return length < FOREIGN_VALUE_BYTES;
}

static enum foreign_kind kind_of(struct json_object *value)
{
        switch (json_object_get_type(value)) {
        case json_type_null:
                return FOREIGN_NULL;
        case json_type_boolean:
                return json_object_get_boolean(value) ? FOREIGN_TRUE : FOREIGN_FALSE;
        case json_type_string:
                return FOREIGN_STRING;
        case json_type_array:
        case json_type_double:
        case json_type_int:
        case json_type_object:
                break;
        }
        return FOREIGN_OTHER;
}

/* What is JSON by the protocol's own reader is read alike here: a program may read more than that, but not less. */
static void check_as_json(const char *text, const struct foreign *members, bool read)
{
        struct json_object *object = NULL, *value;

        if (json_strict_parse(text, strlen(text), (struct json_bounds){FOREIGN_DEPTH, strlen(text), 0}, &object, NULL))
                return;
        must(read == json_object_is_type(object, json_type_object));
        for (size_t i = 0; read && i < NAMES; i++) {
                bool there = json_object_object_get_ex(object, names[i], &value);

                must(there == (members[i].kind != FOREIGN_ABSENT));
                if (!there)
                        continue;
                must(members[i].kind == kind_of(value));
                if (members[i].kind == FOREIGN_STRING)
                        must(strcmp(members[i].value, is_plain(json_object_get_string(value))
                                                              ? json_object_get_string(value)
                                                              : "?") == 0);
        }
        json_object_put(object);
}

static void check_prior(const char *text)
{
        struct prior prior;

        memset(&prior, 0xff, sizeof(prior));
        prior_read(text, &prior);
        must(strnlen(prior.state, sizeof(prior.state)) < sizeof(prior.state));
        must(*prior.state && prior.state[strspn(prior.state, "abcdefghijklmnopqrstuvwxyz_")] == '\0');
        must(prior.known || (!prior.want_up && !prior.stopped && strcmp(prior.state, "unreadable") == 0));
        must(!prior.stopped || !prior.want_up);
        must((unsigned)prior_exit_read(text) <= PRIOR_EXIT_UNCLEAN);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct foreign members[NAMES];
        char *text = fuzz_string(data, size);
        bool read;

        if (!text)
                return -1;
        for (size_t i = 0; i < NAMES; i++)
                members[i].name = names[i];
        read = foreign_read(text, members, NAMES);
        for (size_t i = 0; i < NAMES; i++) {
                must((unsigned)members[i].kind <= FOREIGN_OTHER && (read || members[i].kind == FOREIGN_ABSENT));
                if (members[i].kind == FOREIGN_STRING)
                        must(is_plain(members[i].value));
        }
        check_as_json(text, members, read);
        check_prior(text);
        free(text);
        return 0;
}
