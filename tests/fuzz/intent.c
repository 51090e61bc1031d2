/* SPDX-License-Identifier: ISC */
/* .svcbroker/intent/PROFILE on the volume, which is the client user's. */
#include <errno.h>

#include <json-c/json.h>

#include "daemon/bounds.h"
#include "daemon/judge/intent.h"
#include "proto/limits.h"
#include "proto/name.h"

#include "fuzz.h"

static void check_environment(struct json_object *environment)
{
        if (!environment)
                return;
        must(json_object_object_length(environment) <= LIMIT_ENVIRONMENT_VARIABLES);
        json_object_object_foreach(environment, name, value)
        {
                must(environment_check(name, json_object_get_string(value)) == ENVIRONMENT_OK);
        }
}

static char *taken(const struct text *text)
{
        must(!text->failed && text->length <= VOLUME_FILE_BYTES && !memchr(text->bytes, '\0', text->length));
        return strndup(text->bytes, text->length);
}

/* What is written in the place of `before` is read as what was wanted, whatever `before` was; and what of it is passed on,
 * is passed on again. */
static void check_replaced(const char *before, bool want_up, struct json_object *environment)
{
        struct intent again;
        struct text text;
        char *first, *second;
        int result;

        text_init(&text);
        intent_write(want_up, environment, &text);
        result = intent_pass_on(before, &text);
        must(result == 0 || result == -EPROTONOSUPPORT);
        first = taken(&text);
        must(intent_read(first, &again) == 0);
        must(again.want_up == want_up && json_object_equal(again.environment, environment));
        intent_deinit(&again);
        text_clear(&text);
        intent_write(want_up, environment, &text);
        must(intent_pass_on(first, &text) == 0);
        second = taken(&text);
        must(strcmp(first, second) == 0);
        free(first);
        free(second);
        text_deinit(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        char *text = fuzz_string(data, size);
        struct intent intent;
        int result;

        if (!text)
                return -1;
        result = intent_read(text, &intent);
        must(result == 0 || result == -EBADMSG || result == -EPROTONOSUPPORT);
        check_replaced(text, true, NULL);
        if (result == 0) {
                check_environment(intent.environment);
                check_replaced(text, intent.want_up, intent.environment);
                intent_deinit(&intent);
        }
        free(text);
        return 0;
}
