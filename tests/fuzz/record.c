/* SPDX-License-Identifier: ISC */
/* A slot's data/state. It is root's, but brokers of other versions and hands of people write it too. */
#include <errno.h>

#include "daemon/bounds.h"
#include "daemon/judge/record.h"
#include "fuzz.h"

static void check_fields(const struct record *record)
{
        must(strnlen(record->reason, sizeof(record->reason)) < sizeof(record->reason));
        must(strnlen(record->boot, sizeof(record->boot)) < sizeof(record->boot));
        must((unsigned)record->pending <= PENDING_RESTART && (unsigned)record->blind <= BLIND_TO_ALL);
        must((unsigned)record->cause <= CAUSE_NEWER && (unsigned)record->brake.hold <= HOLD_HELD);
        must((unsigned)record->told <= TOLD_DOWN && record->told_pid >= 0);
        must(record->brake.restarts >= 0 && record->logger_brake.restarts >= 0);
        must(!record->has_exit || (record->exit_code >= -1 && record->exit_code <= 255));
        must(record->exit_signal >= 0 && record->exit_signal < 128);
}

static char *written(const struct record *record, const struct members *members)
{
        struct text text;

        text_init(&text);
        record_write(record, members, &text);
        text_append(&text, "", 1);
        must(!text.failed && strlen(text.bytes) == text.length - 1);
        return text.bytes;
}

/* What is taken is written so that it is taken again, and is the same; with all that another broker left there. */
static void check_again(const struct record *record, const char *text)
{
        struct members *members = NULL, *again_members = NULL;
        struct record again;
        char *first, *second;

        must(record_read_members(text, &members) == 0);
        first = written(record, members);
        must(strlen(first) <= STATE_BYTES_MAX);
        must(record_read(first, &again) == 0);
        must(record_read_members(first, &again_members) == 0 && !members == !again_members);
        second = written(&again, again_members);
        must(strcmp(first, second) == 0);
        free(first);
        free(second);
        if (members)
                members_deinit(members);
        if (again_members)
                members_deinit(again_members);
        free(members);
        free(again_members);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        char *text = fuzz_string(data, size);
        struct record record;
        int result;

        if (!text)
                return -1;
        result = record_read(text, &record);
        must(result == 0 || result == -EBADMSG || result == -EPROTONOSUPPORT);
        if (result == 0) {
                check_fields(&record);
                check_again(&record, text);
        }
        free(text);
        return 0;
}
