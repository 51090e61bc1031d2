/* SPDX-License-Identifier: ISC */
#include "proto/name.h"

#include <stdio.h>
#include <string.h>

#include "proto/limits.h"

#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"

#define QUOTE_EXPANDED(number) #number
#define QUOTE(number) QUOTE_EXPANDED(number)

static enum name_result name_check(const char *name, size_t limit_bytes, const char *first, const char *rest)
{
        size_t length = strnlen(name, limit_bytes + 1);

        if (length == 0)
                return NAME_EMPTY;
        if (length > limit_bytes)
                return NAME_TOO_LONG;
        if (!strchr(first, name[0]))
                return NAME_BAD_START;
        return strspn(name, rest) == length ? NAME_OK : NAME_BAD_CHARACTER;
}

enum name_result name_check_profile(const char *name)
{
        return name_check(name, LIMIT_PROFILE_NAME_BYTES, LOWER DIGITS, LOWER DIGITS "_-");
}

enum name_result name_check_service(const char *name)
{
        return name_check(name, LIMIT_SERVICE_NAME_BYTES, UPPER LOWER DIGITS, UPPER LOWER DIGITS "_.-");
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
        return name_check(name, LIMIT_ENVIRONMENT_NAME_BYTES, UPPER LOWER "_", UPPER LOWER DIGITS "_") ==
               NAME_OK;
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
