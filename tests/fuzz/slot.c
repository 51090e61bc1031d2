/* SPDX-License-Identifier: ISC */
/* What svcbroker-slot reads as root, and the profile's variables behind the drop. The first byte says which file it is. */
#include <json-c/json.h>

#include "daemon/edge/slot_environment.h"
#include "proto/name.h"
#include "proto/settings.h"
#include "template/parse.h"

#include "fuzz.h"

#define GIDS 4

static void check_settings(char *text)
{
        const char *end = strchr(text, '\0'), *values[SETTINGS];

        if (settings_parse(text, values) != 0)
                return;
        for (int i = 0; i < SETTINGS; i++) {
                must(values[i] && !strchr(values[i], '\n'));
                must(i == LOG_FILES || i == LOG_FILE_BYTES || (values[i] > text && values[i] <= end));
        }
}

static void check_accounts(char *text)
{
        char *again = strdup(text);
        gid_t gids[GIDS] = {5}, gid = 7;
        uid_t uid = 7;

        must(again);
        if (parse_user(text, "hermes", &uid, &gid))
                must(uid != (uid_t)-1 && gid != (gid_t)-1);
        else
                must(uid == 7 && gid == 7);
        must(parse_groups(again, "hermes", gids, GIDS) <= GIDS && gids[0] == 5);
        for (int i = 1; i < GIDS; i++)
                must(gids[i] != 5);
        free(again);
}

static void check_note(const char *text)
{
        unsigned long long start = 0;
        char again[64];
        pid_t pid = parse_note(text, &start);

        must(pid == 0 || pid > 1);
        if (!pid)
                return;
        snprintf(again, sizeof(again), "%d:", pid);
        must(strncmp(text, again, strlen(again)) == 0);
        text += strlen(again);
        must(text[strspn(text, "0123456789")] == '\0' && strtoull(text, NULL, 10) == start);
}

static void check_home(char *text)
{
        char *before = strdup(text);

        must(before);
        parse_home(text);
        must(strncmp(text, before, strlen(text)) == 0);
        must(!*text || text[strlen(text) - 1] != '/' || strlen(text) < strlen(before));
        free(before);
}

/* What the broker takes for an environment, is the same here. */
static void check_variables(char *text)
{
        struct json_object *environment = NULL, *found;
        char path[128], *name, *value, *rest = text;
        int at = open(fuzz_directory(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        snprintf(path, sizeof(path), "%s/env", fuzz_directory());
        fuzz_write(path, text, strlen(text));
        must(at >= 0);
        if (environment_read(at, "env", &environment) < 0)
                environment = NULL;
        close(at);
        found = json_object_new_object();
        while (parse_variable(&rest, &name, &value)) {
                must(environment_is_name(name));
                must(json_object_object_add(found, name, json_object_new_string(value)) == 0);
        }
        must(!environment || json_object_equal(environment, found));
        json_object_put(environment);
        json_object_put(found);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        char *text = size ? fuzz_string(data + 1, size - 1) : NULL;

        if (!text)
                return 0;
        switch (*data) {
        case 's':
                check_settings(text);
                break;
        case 'a':
                check_accounts(text);
                break;
        case 'n':
                check_note(text);
                break;
        case 'h':
                check_home(text);
                break;
        case 'p':
                parse_start(text);
                break;
        default:
                check_variables(text);
        }
        free(text);
        return 0;
}
