/* SPDX-License-Identifier: ISC */
#include "daemon/judge/members.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "daemon/bounds.h"
#include "proto/fields.h"
#include "proto/json_scan.h"
#include "proto/json_walk.h"

void members_init(struct members *members)
{
        *members = (struct members){.version = "1"};
        text_init(&members->unknown);
}

void members_deinit(struct members *members)
{
        text_deinit(&members->unknown);
}

static bool member_is(const struct json_member *member, const char *name)
{
        return strlen(name) == member->name_bytes && memcmp(member->name, name, member->name_bytes) == 0;
}

static bool is_known(const struct json_member *member, const struct field *known)
{
        for (; known->name; known++)
                if (member_is(member, known->name))
                        return true;
        return false;
}

static bool is_repeated(const struct json_member *seen, size_t count, const struct json_member *member)
{
        for (size_t i = 0; i < count; i++)
                if (seen[i].name_bytes == member->name_bytes &&
                    memcmp(seen[i].name, member->name, member->name_bytes) == 0)
                        return true;
        return false;
}

/* Reads a number of at most ten digits, without a leading zero. False: there is none. */
static bool read_number(const char **at, unsigned long *number)
{
        const char *digits = *at;
        unsigned long value = 0;

        while (**at >= '0' && **at <= '9' && *at - digits < 10)
                value = value * 10 + (unsigned long)(*(*at)++ - '0');
        if (*at == digits || (*digits == '0' && *at - digits > 1) || value > UINT32_MAX)
                return false;
        *number = value;
        return true;
}

static int read_version(const struct json_member *member, struct members *members)
{
        const char *at = member->value;
        bool quoted = *at == '"';
        unsigned long major, minor = 0;

        if (member->value_bytes >= MEMBERS_VERSION_BYTES)
                return -EBADMSG;
        at += quoted;
        if (!read_number(&at, &major) || !major)
                return -EBADMSG;
        if (*at == '.') {
                at++;
                if (!read_number(&at, &minor))
                        return -EBADMSG;
        } else if (quoted && major <= MEMBERS_MAJOR) {
                return -EBADMSG; /* a newer major version may be written as a string alone */
        }
        if (at + quoted != member->value + member->value_bytes)
                return -EBADMSG;
        if (major > MEMBERS_MAJOR)
                return -EPROTONOSUPPORT;
        members->minor = minor;
        memcpy(members->version, member->value, member->value_bytes);
        members->version[member->value_bytes] = '\0';
        return 0;
}

static void pass_on(const struct json_member *member, struct text *unknown)
{
        text_append_string(unknown, ",\"");
        text_append(unknown, member->name, member->name_bytes);
        text_append_string(unknown, "\":");
        text_append(unknown, member->value, member->value_bytes);
}

static int take(const char *at, const struct field *known, struct members *members)
{
        struct json_member seen[MEMBERS_MOST], member;
        bool versioned = false;
        size_t count = 0;
        int result = 0;

        while (json_walk_member(&at, &member)) {
                if (count == MEMBERS_MOST || !member.name_bytes ||
                    memchr(member.name, '\\', member.name_bytes) || is_repeated(seen, count, &member))
                        return -EBADMSG;
                seen[count++] = member;
                if (member_is(&member, "version")) {
                        versioned = true;
                        result = read_version(&member, members);
                        if (result == -EBADMSG)
                                return result;
                } else if (!is_known(&member, known)) {
                        pass_on(&member, &members->unknown);
                }
        }
        if (!versioned)
                return -EBADMSG;
        return !result && members->unknown.failed ? -ENOMEM : result;
}

static bool is_bounded(const char *text, size_t depth)
{
        const struct json_bounds bounds = {depth, strlen(text), 0};
        struct json_problem problem;
        struct json_tally tally;

        return json_scan(text, strlen(text), bounds, &tally, NULL, &problem) == JSON_OK;
}

/* Can the unknown members be read as JSON? Others would spoil the file that they are passed on to. */
static bool unknown_is_sound(const char *at, const struct field *known)
{
        struct json_member member;

        while (json_walk_member(&at, &member))
                if (!is_known(&member, known) && !json_walk_is_sound(member.value))
                        return false;
        return true;
}

int members_read(const char *text, const struct field *known, size_t most_bytes, struct members *members)
{
        const char *begin = json_walk_space(text) + 1;
        struct members read;
        int result = -EBADMSG;

        /* MEMBERS_DEPTH does not bind a higher major version. */
        if (!is_bounded(text, JSON_DEPTH_MAX) || *json_walk_space(text) != '{')
                return -EBADMSG;
        members_init(&read);
        result = take(begin, known, &read);
        if (!result && (read.unknown.length > most_bytes || !is_bounded(text, MEMBERS_DEPTH) ||
                        !unknown_is_sound(begin, known)))
                result = -EBADMSG;
        if (result) {
                members_deinit(&read);
                return result;
        }
        if (!read.unknown.length)
                snprintf(read.version, sizeof(read.version), "%d", MEMBERS_MAJOR);
        *members = read;
        return 0;
}
