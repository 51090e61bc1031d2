/* SPDX-License-Identifier: ISC */
/* logs/container-boot.log on the volume. */
#include "daemon/judge/boot_log.h"
#include "proto/name.h"

#include "fuzz.h"

static bool same(const struct boot_log *one, const struct boot_log *other)
{
        if (one->count != other->count)
                return false;
        for (size_t i = 0; i < one->count; i++)
                if (strcmp(one->profiles[i].name, other->profiles[i].name) != 0 ||
                    one->profiles[i].failures != other->profiles[i].failures)
                        return false;
        return true;
}

static void check_order(const struct boot_log *log)
{
        must(log->count <= BOOT_LOG_PROFILES && !log->failed);
        for (size_t i = 0; i < log->count; i++) {
                must(name_check_profile(log->profiles[i].name) == NAME_OK);
                must(i == 0 || strcmp(log->profiles[i - 1].name, log->profiles[i].name) < 0);
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        char *text = fuzz_string(data, size);
        struct boot_log whole, parts;
        char *line;

        if (!text)
                return -1;
        boot_log_init(&whole);
        boot_log_init(&parts);
        boot_log_read(&whole, text);
        check_order(&whole);
        /* In two files, the older first. */
        line = strchr(text + size / 2, '\n');
        if (line) {
                char *older = strndup(text, (size_t)(line + 1 - text));

                boot_log_read(&parts, older);
                boot_log_read(&parts, line + 1);
                must(same(&whole, &parts));
                free(older);
        }
        boot_log_deinit(&whole);
        boot_log_deinit(&parts);
        free(text);
        return 0;
}
