/* SPDX-License-Identifier: ISC */
#include "client/verbs/intents.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <json-c/json.h>

#include "client/say/member.h"
#include "proto/json.h"
#include "proto/limits.h"
#include "proto/sysname.h"

#define RECORD_BYTES_MAX (64 * 1024) /* what the broker reads of one */

/* What a gateway's lines are in is below the same directory. NULL: it is not known, or memory is short. */
static char *record_path(struct json_object *service)
{
        static const char logs[] = "/logs/gateways/";
        const char *directory = member_string(service, "log_directory"),
                   *profile = member_string(service, "profile");
        const char *end = directory ? strstr(directory, logs) : NULL;
        char *path = NULL;

        if (!end || !profile ||
            asprintf(&path, "%.*s/.svcbroker/intent/%s", (int)(end - directory), directory, profile) < 0)
                return NULL;
        return path;
}

/* Up to `most` bytes, with a NUL behind them. 0 or a negative errno. */
static int read_all(int fd, size_t most, char **text)
{
        char *made = malloc(most + 2);
        size_t length = 0;
        ssize_t n = made ? 1 : -1;

        while (n > 0 && length <= most) {
                n = read(fd, made + length, most + 1 - length);
                if (n < 0 && errno == EINTR)
                        n = 1;
                else if (n > 0)
                        length += (size_t)n;
        }
        if (n < 0 || length > most) {
                int result = !made ? -ENOMEM : n < 0 ? -errno : -EFBIG;

                free(made);
                return result;
        }
        made[length] = '\0';
        *text = made;
        return 0;
}

/* A plain file, and no link, FIFO or device that somebody has put in its place. */
static int read_record(const char *path, char **text)
{
        int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
        struct stat info;
        int result;

        if (fd < 0)
                return -errno;
        if (fstat(fd, &info) < 0)
                result = -errno;
        else
                result = S_ISREG(info.st_mode) ? read_all(fd, RECORD_BYTES_MAX, text) : -EINVAL;
        close(fd);
        return result;
}

static struct json_object *parse(const char *text)
{
        struct json_bounds bounds = {LIMIT_JSON_DEPTH, LIMIT_STRING_BYTES, 0};
        struct json_object *object = NULL;

        return json_strict_parse(text, strlen(text), bounds, &object, NULL) ? NULL : object;
}

enum outcome intents_environment(struct json_object *service, struct json_object **environment)
{
        const char *name = member_string(service, "name");
        char *path = record_path(service), *text = NULL;
        int result = path ? read_record(path, &text) : -ENOENT;
        struct json_object *record = result == 0 ? parse(text) : NULL;

        *environment = json_object_get(member_object(record, "environment"));
        if (result != 0 && result != -ENOENT)
                failure_print(name ? name : "?", sysname_error_words(-result),
                              "its variables are the client user's to read");
        else if (!record)
                failure_print(name ? name : "?", "what is recorded of it cannot be read",
                              "its variables are not in what was printed");
        json_object_put(record);
        free(text);
        free(path);
        return record ? OUTCOME_DONE : OUTCOME_FAILED;
}

static bool is_document(struct json_object *document)
{
        struct json_object *gateways = member_array(document, "gateways");

        if (!gateways || member_int(document, "version", 0) != INTENTS_VERSION)
                return false;
        for (size_t i = 0; i < json_object_array_length(gateways); i++) {
                struct json_object *entry = json_object_array_get_idx(gateways, i), *environment = NULL;

                if (!member_string(entry, "profile") ||
                    (!member_is(entry, "want", "up") && !member_is(entry, "want", "down")))
                        return false;
                if (json_object_object_get_ex(entry, "environment", &environment) &&
                    !json_object_is_type(environment, json_type_object))
                        return false;
        }
        return true;
}

enum outcome intents_read(const char *path, struct json_object **document)
{
        bool input = strcmp(path, "-") == 0;
        int fd = input ? STDIN_FILENO : open(path, O_RDONLY | O_NOCTTY | O_CLOEXEC);
        char *text = NULL;
        int result = fd < 0 ? -errno : read_all(fd, INTENTS_BYTES_MAX, &text);

        if (fd >= 0 && !input)
                close(fd);
        *document = result == 0 ? parse(text) : NULL;
        free(text);
        if (*document && is_document(*document))
                return OUTCOME_DONE;
        failure_print(path, result ? sysname_error_words(-result) : "is not what 'svcctl export' prints",
                      "give such a file, or - for standard input");
        json_object_put(*document);
        return result ? OUTCOME_FAILED : OUTCOME_USAGE;
}
