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

#include "client/log/home.h"
#include "client/say/member.h"
#include "proto/json.h"
#include "proto/limits.h"
#include "proto/sysname.h"

#define RECORD_BYTES_MAX (64 * 1024) /* what the broker reads of a record */
#define RECORDS ".svcbroker/intent"
#define RECORD_TRIES 16
#define SUCH_A_FILE "give a file that 'svcctl export' printed, or - for standard input"

/* Reads all of a file, up to `most` bytes, and puts a NUL behind them. Returns 0 or a negative errno. */
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

/* Whether a file may be a record. A record is the client user's, and so are all directories above it. On a
 * volume that is root's, whose owner says nothing, records are of the owner of the broker's directory. */
static bool is_record(const struct stat *info, uid_t owner)
{
        return S_ISREG(info->st_mode) && info->st_nlink == 1 && info->st_uid == owner && owner != 0;
}

/* Opens a record. Returns a descriptor or negative errno; -EAGAIN: another record has taken its place
 * meanwhile, as with each order. */
static int open_record(int at, const char *profile, uid_t owner)
{
        struct stat before, info;
        int fd, result = 0;

        /* The type is asked for first, since to open a device, or a FIFO, is to do something to it. */
        if (fstatat(at, profile, &before, AT_SYMLINK_NOFOLLOW) < 0)
                return -errno;
        if (!is_record(&before, owner))
                return -EINVAL;
        fd = openat(at, profile, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
        if (fd < 0)
                return errno == ENOENT ? -EAGAIN : -errno;
        if (fstat(fd, &info) < 0)
                result = -errno;
        else if (info.st_dev != before.st_dev || info.st_ino != before.st_ino || info.st_nlink == 0)
                result = -EAGAIN;
        else if (!is_record(&info, owner))
                result = -EINVAL;
        if (result == 0)
                return fd;
        close(fd);
        return result;
}

static int read_record(int top, const struct stat *home, const char *profile, char **text)
{
        struct stat broker = {0};
        int result, at = home_below(top, RECORDS), fd = at < 0 ? at : -EAGAIN;

        if (at >= 0 && home->st_uid == 0 && fstatat(at, "..", &broker, 0) < 0)
                fd = -errno;
        for (int i = 0; i < RECORD_TRIES && fd == -EAGAIN; i++)
                fd = open_record(at, profile, home->st_uid ? home->st_uid : broker.st_uid);
        result = fd < 0 ? fd : read_all(fd, RECORD_BYTES_MAX, text);
        if (fd >= 0)
                close(fd);
        if (at >= 0)
                close(at);
        return result;
}

/* Reads the record of a gateway. The home is that of its log directory, which is below it, too. */
static int read_record_of(struct json_object *service, char **text)
{
        const char *directory = member_string(service, "log_directory"),
                   *profile = member_string(service, "profile");
        char *home = directory && profile && !strchr(profile, '/') ? home_of_log(directory) : NULL;
        struct stat info;
        int top = home ? home_open(home, &info) : -ENOENT;
        int result = top < 0 ? top : read_record(top, &info, profile, text);

        if (top >= 0)
                close(top);
        free(home);
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
        char *text = NULL;
        int result = read_record_of(service, &text);
        struct json_object *record = result == 0 && text ? parse(text) : NULL;

        *environment = json_object_get(member_object(record, "environment"));
        if (result == -ENOTDIR || result == -ELOOP || result == -EINVAL)
                failure_print(
                        name ? name : "?",
                        "what is recorded of it is behind a link, or no plain file of the client user's "
                        "alone",
                        "its variables are not in what was printed; see .svcbroker/intent on the volume");
        else if (result != 0 && result != -ENOENT)
                failure_print(name ? name : "?", sysname_error_words(-result),
                              "its variables are the client user's to read");
        else if (!record)
                failure_print(name ? name : "?", "what is recorded of it cannot be read",
                              "its variables are not in what was printed");
        json_object_put(record);
        free(text);
        return record ? OUTCOME_DONE : OUTCOME_FAILED;
}

/* Whether a document is one of this version's; `what` and `next` are what to say if not. */
static bool is_document(struct json_object *document, const char **what, const char **next)
{
        struct json_object *gateways = member_array(document, "gateways");

        *what = "is not what 'svcctl export' prints";
        *next = SUCH_A_FILE;
        if (member_int(document, "version", 0) > INTENTS_VERSION) {
                *what = "was printed by a newer svcctl";
                *next = "import it with that one";
                return false;
        }
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
        const char *what, *next;
        char *text = NULL;
        int result = fd < 0 ? -errno : read_all(fd, INTENTS_BYTES_MAX, &text);

        if (fd >= 0 && !input)
                close(fd);
        *document = result == 0 && text ? parse(text) : NULL;
        free(text);
        if (is_document(*document, &what, &next))
                return OUTCOME_DONE;
        if (result)
                failure_print(path, sysname_error_words(-result), SUCH_A_FILE);
        else
                failure_print(path, what, next);
        json_object_put(*document);
        return result ? OUTCOME_FAILED : OUTCOME_USAGE;
}
