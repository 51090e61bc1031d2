#include "daemon/judge/members.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "daemon/bounds.h"
#include "proto/fields.h"
#include "proto/json_scan.h"

/* One member, where it is in a text that json_scan() has taken. */
struct member {
        const char *name; /* without its quotes */
        size_t name_bytes;
        const char *value;
        size_t value_bytes;
};

void members_init(struct members *members)
{
        *members = (struct members){.version = "1"};
        text_init(&members->unknown);
}

void members_deinit(struct members *members)
{
        text_deinit(&members->unknown);
}

static const char *skip_space(const char *at)
{
        return at + strspn(at, " \t\r\n");
}

static const char *skip_string(const char *at)
{
        for (at++; *at != '"'; at++)
                at += *at == '\\';
        return at + 1;
}

static const char *skip_value(const char *at)
{
        size_t depth = 0;

        if (*at != '{' && *at != '[' && *at != '"')
                return at + strcspn(at, ",}] \t\r\n");
        do {
                if (*at == '"') {
                        at = skip_string(at);
                        continue;
                }
                depth += *at == '{' || *at == '[';
                depth -= *at == '}' || *at == ']';
                at++;
        } while (depth);
        return at;
}

/* *at: behind the brace, or behind the member before. */
static bool member_next(const char **at, struct member *member)
{
        const char *from = skip_space(*at);

        if (*from == ',')
                from = skip_space(from + 1);
        if (*from == '}')
                return false;
        member->name = from + 1;
        from = skip_string(from);
        member->name_bytes = (size_t)(from - member->name) - 1;
        member->value = skip_space(skip_space(from) + 1); /* behind the colon */
        *at = skip_value(member->value);
        member->value_bytes = (size_t)(*at - member->value);
        return true;
}

static bool member_is(const struct member *member, const char *name)
{
        return strlen(name) == member->name_bytes && memcmp(member->name, name, member->name_bytes) == 0;
}

static bool is_known(const struct member *member, const struct field *known)
{
        for (; known->name; known++)
                if (member_is(member, known->name))
                        return true;
        return false;
}

static bool is_repeated(const struct member *seen, size_t count, const struct member *member)
{
        for (size_t i = 0; i < count; i++)
                if (seen[i].name_bytes == member->name_bytes &&
                    memcmp(seen[i].name, member->name, member->name_bytes) == 0)
                        return true;
        return false;
}

/* Of at most ten digits, without a zero before them. False: it is none. */
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

static int read_version(const struct member *member, struct members *members)
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
                return -EBADMSG; /* of a newer one it is as good as any other that is not known */
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

static void pass_on(const struct member *member, struct text *unknown)
{
        text_append_string(unknown, ",\"");
        text_append(unknown, member->name, member->name_bytes);
        text_append_string(unknown, "\":");
        text_append(unknown, member->value, member->value_bytes);
}

static int take(const char *at, const struct field *known, struct members *members)
{
        struct member seen[MEMBERS_MOST], member;
        bool versioned = false;
        size_t count = 0;
        int result = 0;

        while (member_next(&at, &member)) {
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

        return json_scan(text, strlen(text), bounds, &tally, &problem) == JSON_OK;
}

int members_read(const char *text, const struct field *known, size_t most_bytes, struct members *members)
{
        struct members read;
        int result = -EBADMSG;

        /* What a higher major version holds may nest as it likes. */
        if (!is_bounded(text, JSON_DEPTH_MAX) || *skip_space(text) != '{')
                return -EBADMSG;
        members_init(&read);
        result = take(skip_space(text) + 1, known, &read);
        if (!result && (read.unknown.length > most_bytes || !is_bounded(text, MEMBERS_DEPTH)))
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
