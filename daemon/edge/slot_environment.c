/* SPDX-License-Identifier: ISC */
#include "daemon/edge/slot_environment.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <json-c/json.h>

#include "daemon/edge/rights.h"
#include "daemon/edge/tree.h"
#include "proto/limits.h"
#include "proto/name.h"
#include "proto/sorted.h"
#include "proto/text.h"

/* The largest file: each value is nothing but newlines, two bytes each; each name has "=" and a newline. */
#define FILE_BYTES_MAX (2 * LIMIT_ENVIRONMENT_BYTES + 2 * LIMIT_ENVIRONMENT_VARIABLES)

int environment_add(struct json_object *environment, const char *name, const char *value, size_t length)
{
        struct json_object *string = json_object_new_string_len(value, (int)length);

        if (string && json_object_object_add(environment, name, string) == 0)
                return 0;
        json_object_put(string);
        return -ENOMEM;
}

size_t environment_bytes(struct json_object *environment)
{
        size_t bytes = 0;

        if (!environment)
                return 0;
        json_object_object_foreach(environment, name, value)
        {
                bytes += strlen(name) + (size_t)json_object_get_string_len(value);
        }
        return bytes;
}

size_t environment_weight(struct json_object *environment)
{
        size_t variables = environment ? (size_t)json_object_object_length(environment) : 0;

        return environment_bytes(environment) + variables * LIMIT_ENVIRONMENT_VARIABLE_BYTES;
}

int environment_names(struct json_object *environment, const char **names, size_t *count)
{
        size_t found = 0;

        if (environment && (!json_object_is_type(environment, json_type_object) ||
                            json_object_object_length(environment) > LIMIT_ENVIRONMENT_VARIABLES))
                return -EINVAL;
        if (environment) {
                json_object_object_foreach(environment, name, value)
                {
                        if (!environment_is_name(name) || !json_object_is_type(value, json_type_string) ||
                            memchr(json_object_get_string(value), '\0',
                                   (size_t)json_object_get_string_len(value)))
                                return -EINVAL;
                        names[found++] = name;
                }
        }
        if (environment_bytes(environment) > LIMIT_ENVIRONMENT_BYTES)
                return -EINVAL;
        if (found > 0)
                qsort(names, found, sizeof(*names), sorted_compare_strings);
        *count = found;
        return 0;
}

bool environment_is_empty(struct json_object *environment)
{
        return !environment || (json_object_is_type(environment, json_type_object) &&
                                json_object_object_length(environment) == 0);
}

static void append_variable(struct text *text, const char *name, const char *value)
{
        text_append_string(text, name);
        text_append_string(text, "=");
        for (const char *end; (end = strchr(value, '\n')); value = end + 1) {
                text_append(text, value, (size_t)(end - value));
                text_append_string(text, "\n ");
        }
        text_append_string(text, value);
        text_append_string(text, "\n");
}

int environment_make(int at, const char *name, struct json_object *environment, gid_t gid)
{
        const char *names[LIMIT_ENVIRONMENT_VARIABLES];
        struct text text;
        size_t count;
        int result = environment_names(environment, names, &count);
        bool grouped;

        if (result < 0)
                return result;
        text_init(&text);
        for (size_t i = 0; i < count; i++)
                append_variable(&text, names[i],
                                json_object_get_string(json_object_object_get(environment, names[i])));
        grouped = rights_group_begin(gid);
        result = text.failed ? -ENOMEM : tree_write(at, name, text.bytes, text.length, ENVIRONMENT_MODE);
        if (grouped)
                rights_group_end();
        text_deinit(&text);
        return result;
}

int environment_compare(int at, const char *one, const char *other, bool *content, bool *whole)
{
        struct stat found[2];
        char *bytes[2] = {NULL, NULL};
        size_t length[2] = {0, 0};
        int result = tree_read(at, one, FILE_BYTES_MAX, &bytes[0], &length[0]);
        bool same;

        if (result < 0)
                return result;
        result = tree_read(at, other, FILE_BYTES_MAX, &bytes[1], &length[1]);
        same = result == 0 && length[0] == length[1] && memcmp(bytes[0], bytes[1], length[0]) == 0;
        free(bytes[0]);
        free(bytes[1]);
        if (result == -ENOMEM)
                return result;
        *content = same;
        *whole = same && fstatat(at, one, &found[0], AT_SYMLINK_NOFOLLOW) == 0 &&
                 fstatat(at, other, &found[1], AT_SYMLINK_NOFOLLOW) == 0 &&
                 found[0].st_mode == found[1].st_mode && found[0].st_uid == found[1].st_uid &&
                 found[0].st_gid == found[1].st_gid;
        return 0;
}

/* Joins a value with the lines behind it that begin with a space, in which it goes on. This is done in place:
 * what is read gets ahead of what is kept. Returns the end of the last line. */
static char *join_value(char *value, char *end, size_t *length)
{
        char *kept = end;

        while (end[0] == '\n' && end[1] == ' ') {
                char *line = end + 2;

                *kept++ = '\n';
                end = strchrnul(line, '\n');
                memmove(kept, line, (size_t)(end - line));
                kept += end - line;
        }
        *length = (size_t)(kept - value);
        return end;
}

/* Adds the variables of a whole file. bytes: with a NUL behind them, and none before. */
static int parse_variables(char *bytes, struct json_object *environment)
{
        while (*bytes != '\0') {
                size_t length = 0;
                char *value = strchr(bytes, '=');
                char *end;
                int result;

                if (!value)
                        return -EBADMSG;
                *value++ = '\0';
                end = join_value(value, strchrnul(value, '\n'), &length);
                if (!environment_is_name(bytes) || *end != '\n' ||
                    json_object_object_length(environment) >= LIMIT_ENVIRONMENT_VARIABLES)
                        return -EBADMSG;
                result = environment_add(environment, bytes, value, length);
                if (result < 0)
                        return result;
                bytes = end + 1;
        }
        return 0;
}

int environment_read(int at, const char *name, struct json_object **environment)
{
        char *bytes = NULL;
        size_t length = 0;
        int result = tree_read(at, name, FILE_BYTES_MAX, &bytes, &length);
        struct json_object *read;

        if (result < 0)
                return result;
        read = json_object_new_object();
        result = !read ? -ENOMEM : strlen(bytes) != length ? -EBADMSG : parse_variables(bytes, read);
        free(bytes);
        if (result < 0)
                json_object_put(read);
        else
                *environment = read;
        return result;
}
