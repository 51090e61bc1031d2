/* SPDX-License-Identifier: ISC */
/* A slot's file of variables: written by a broker, read by it, by a later one and by the template's shell. */
#include <errno.h>

#include <json-c/json.h>

#include "daemon/edge/slot_environment.h"
#include "daemon/edge/tree.h"
#include "proto/fields.h"
#include "proto/json.h"
#include "proto/limits.h"
#include "proto/name.h"

#include "fuzz.h"

static int directory(void)
{
        static int fd = -1;

        if (fd < 0)
                fd = open(fuzz_directory(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        must(fd >= 0);
        return fd;
}

/* What can be written is read as what it was; and is a line a variable, or a space before more of the last. */
static void check_round_trip(struct json_object *environment)
{
        struct json_object *again = NULL;
        bool content = false, whole = false;
        int result;

        tree_remove(directory(), "made");
        result = environment_make(directory(), "made", environment, getgid());
        must(result == 0 || result == -EINVAL);
        if (result)
                return;
        must(environment_read(directory(), "made", &again) == 0);
        must(json_object_equal(environment, again));
        must(environment_compare(directory(), "made", "made", &content, &whole) == 0 && content && whole);
        json_object_put(again);
}

static void check_file(const uint8_t *data, size_t size)
{
        struct json_object *environment = NULL;
        char path[128];
        int result;

        snprintf(path, sizeof(path), "%s/found", fuzz_directory());
        fuzz_write(path, data, size);
        result = environment_read(directory(), "found", &environment);
        must(result == 0 || result == -EBADMSG);
        if (result)
                return;
        must(json_object_object_length(environment) <= LIMIT_ENVIRONMENT_VARIABLES);
        json_object_object_foreach(environment, name, value)
        {
                must(environment_is_name(name));
                must(json_object_is_type(value, json_type_string));
        }
        check_round_trip(environment);
        json_object_put(environment);
}

/* The same of what a client could send. */
static void check_sent(const char *text)
{
        struct json_object *object = NULL;

        if (json_strict_parse(text, strlen(text), (struct json_bounds){2, LIMIT_STRING_BYTES, 0}, &object, NULL))
                return;
        if (json_object_is_type(object, json_type_object))
                check_round_trip(object);
        json_object_put(object);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        char *text = fuzz_string(data, size);

        check_file(data, size);
        if (text && *text == '{')
                check_sent(text);
        free(text);
        return 0;
}
