/* SPDX-License-Identifier: ISC */
#include "proto/name.h"

#include <stdio.h>
#include <string.h>

#include "proto/limits.h"

#define QUOTE_EXPANDED(number) #number
#define QUOTE(number) QUOTE_EXPANDED(number)

/* Where in a name a byte may stand. */
enum {
        PROFILE_FIRST = 1,
        PROFILE_REST = 2,
        SERVICE_FIRST = 4,
        SERVICE_REST = 8,
        VARIABLE_FIRST = 16,
        VARIABLE_REST = 32,
};

#define FIRST (PROFILE_FIRST | SERVICE_FIRST | VARIABLE_FIRST)
#define REST (PROFILE_REST | SERVICE_REST | VARIABLE_REST)

static const unsigned char places[256] = {
        ['a' ... 'z'] = FIRST | REST,
        ['A' ... 'Z'] = (FIRST | REST) & ~(PROFILE_FIRST | PROFILE_REST),
        ['0' ... '9'] = (FIRST | REST) & ~VARIABLE_FIRST,
        ['_'] = REST | VARIABLE_FIRST,
        ['-'] = PROFILE_REST | SERVICE_REST,
        ['.'] = SERVICE_REST,
};

static enum name_result name_check(const char *name, size_t limit_bytes, int first, int rest)
{
        size_t length = strnlen(name, limit_bytes + 1);

        if (length == 0)
                return NAME_EMPTY;
        if (length > limit_bytes)
                return NAME_TOO_LONG;
        if (!(places[(unsigned char)name[0]] & first))
                return NAME_BAD_START;
        for (size_t i = 1; i < length; i++)
                if (!(places[(unsigned char)name[i]] & rest))
                        return NAME_BAD_CHARACTER;
        return NAME_OK;
}

enum name_result name_check_profile(const char *name)
{
        return name_check(name, LIMIT_PROFILE_NAME_BYTES, PROFILE_FIRST, PROFILE_REST);
}

enum name_result name_check_service(const char *name)
{
        return name_check(name, LIMIT_SERVICE_NAME_BYTES, SERVICE_FIRST, SERVICE_REST);
}

const char *name_profile_of(const char *service)
{
        const char *profile;

        if (strncmp(service, GATEWAY_PREFIX, strlen(GATEWAY_PREFIX)) != 0)
                return NULL;
        profile = service + strlen(GATEWAY_PREFIX);
        return name_check_profile(profile) == NAME_OK ? profile : NULL;
}

void name_service_of(const char *profile, char *buffer, size_t size)
{
        snprintf(buffer, size, "%s%s", GATEWAY_PREFIX, profile);
}

/* FNV-1a. */
uint64_t name_hash(const char *name, uint64_t of)
{
        uint64_t hash = of ^ UINT64_C(14695981039346656037);

        for (; *name; name++)
                hash = (hash ^ (unsigned char)*name) * UINT64_C(1099511628211);
        return hash;
}

const char *name_result_text(enum name_result result)
{
        switch (result) {
        case NAME_OK:
                return "is a name";
        case NAME_EMPTY:
                return "is empty";
        case NAME_TOO_LONG:
                return "is too long: a profile has at most " QUOTE(
                        LIMIT_PROFILE_NAME_BYTES) " bytes, a service " QUOTE(LIMIT_SERVICE_NAME_BYTES);
        case NAME_BAD_START:
                return "does not start with a letter (for a profile, a lower-case one) or a digit";
        case NAME_BAD_CHARACTER:
                return "has a character other than letters (for a profile, lower-case ones), digits, _ and "
                       "- (for a service, also .)";
        }
        return "is no name";
}

bool environment_is_name(const char *name)
{
        return name_check(name, LIMIT_ENVIRONMENT_NAME_BYTES, VARIABLE_FIRST, VARIABLE_REST) == NAME_OK;
}

static bool environment_name_reserved(const char *name)
{
        static const char prefix[] = "HERMES_S6_";

        if (strcmp(name, "HOME") == 0 || strcmp(name, "HERMES_HOME") == 0)
                return true;
        return strncmp(name, prefix, strlen(prefix)) == 0;
}

enum environment_result environment_check(const char *name, const char *value)
{
        if (!environment_is_name(name))
                return ENVIRONMENT_BAD_NAME;
        if (environment_name_reserved(name))
                return ENVIRONMENT_RESERVED;
        if (strnlen(value, LIMIT_STRING_BYTES + 1) > LIMIT_STRING_BYTES)
                return ENVIRONMENT_BAD_VALUE;
        return ENVIRONMENT_OK;
}

const char *environment_result_text(enum environment_result result)
{
        switch (result) {
        case ENVIRONMENT_OK:
                return "is a variable";
        case ENVIRONMENT_BAD_NAME:
                return "is not letters, digits and _, without a digit first, of at most " QUOTE(
                        LIMIT_ENVIRONMENT_NAME_BYTES) " bytes";
        case ENVIRONMENT_RESERVED:
                return "is set by the service itself";
        case ENVIRONMENT_BAD_VALUE:
                return "has a value longer than " QUOTE(LIMIT_STRING_BYTES) " bytes";
        }
        return "is no variable";
}
