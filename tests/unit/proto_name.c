/* SPDX-License-Identifier: ISC */
#include "unit.h"

#include "proto/limits.h"
#include "proto/name.h"
#include "proto/sorted.h"

/* `bytes` times `with`, a NUL byte behind it. */
static const char *repeat(char with, size_t bytes)
{
        static char buffer[LIMIT_STRING_BYTES + 2];

        ck_assert_uint_lt(bytes, sizeof(buffer));
        memset(buffer, with, bytes);
        buffer[bytes] = '\0';
        return buffer;
}

START_TEST(profiles)
{
        ck_assert_int_eq(name_check_profile("coder"), NAME_OK);
        ck_assert_int_eq(name_check_profile("a"), NAME_OK);
        ck_assert_int_eq(name_check_profile("0-_z9"), NAME_OK);
        ck_assert_int_eq(name_check_profile("a--"), NAME_OK);
        ck_assert_int_eq(name_check_profile(""), NAME_EMPTY);
        ck_assert_int_eq(name_check_profile("-a"), NAME_BAD_START);
        ck_assert_int_eq(name_check_profile("_a"), NAME_BAD_START);
        ck_assert_int_eq(name_check_profile("A"), NAME_BAD_START);
        ck_assert_int_eq(name_check_profile("."), NAME_BAD_START);
        ck_assert_int_eq(name_check_profile(".."), NAME_BAD_START);
        ck_assert_int_eq(name_check_profile("/etc"), NAME_BAD_START);
        ck_assert_int_eq(name_check_profile("\n"), NAME_BAD_START);
        ck_assert_int_eq(name_check_profile("aB"), NAME_BAD_CHARACTER);
        ck_assert_int_eq(name_check_profile("a.b"), NAME_BAD_CHARACTER);
        ck_assert_int_eq(name_check_profile("a/b"), NAME_BAD_CHARACTER);
        ck_assert_int_eq(name_check_profile("a b"), NAME_BAD_CHARACTER);
        ck_assert_int_eq(name_check_profile("a\n"), NAME_BAD_CHARACTER);
        ck_assert_int_eq(name_check_profile("caf\xc3\xa9"), NAME_BAD_CHARACTER);
        ck_assert_int_eq(name_check_profile(repeat('a', LIMIT_PROFILE_NAME_BYTES)), NAME_OK);
        ck_assert_int_eq(name_check_profile(repeat('a', LIMIT_PROFILE_NAME_BYTES + 1)), NAME_TOO_LONG);
        ck_assert_int_eq(name_check_profile(repeat('/', LIMIT_STRING_BYTES)), NAME_TOO_LONG);
}
END_TEST

/* What is written down somewhere must be the same number for every later broker. */
START_TEST(hashes)
{
        ck_assert(name_hash("", 0) == UINT64_C(14695981039346656037));
        ck_assert(name_hash("a", 0) == UINT64_C(0xaf63dc4c8601ec8c)); /* as FNV-1a's authors have it */
        ck_assert(name_hash("foobar", 0) == UINT64_C(0x85944171f73967e8));
        ck_assert(name_hash("a", 1) != name_hash("a", 0));
        ck_assert(name_hash("b", 0) != name_hash("a", 0));
}
END_TEST

static int compare_number(const void *key, const void *element)
{
        return *(const int *)key - *(const int *)element;
}

START_TEST(places)
{
        static const int numbers[] = {1, 3, 3, 5, 9};

        for (size_t count = 0; count <= sizeof(numbers) / sizeof(numbers[0]); count++)
                for (int key = 0; key < 11; key++) {
                        size_t place = sorted_place(&key, numbers, count, sizeof(numbers[0]), compare_number);
                        size_t expected = 0;

                        while (expected < count && numbers[expected] < key)
                                expected++;
                        ck_assert_uint_eq(place, expected);
                }
        ck_assert_uint_eq(sorted_place(numbers, NULL, 0, sizeof(numbers[0]), compare_number), 0);
}
END_TEST

START_TEST(services)
{
        ck_assert_int_eq(name_check_service("gateway-coder"), NAME_OK);
        ck_assert_int_eq(name_check_service("Main.d_1-x"), NAME_OK);
        ck_assert_int_eq(name_check_service("9"), NAME_OK);
        ck_assert_int_eq(name_check_service(""), NAME_EMPTY);
        ck_assert_int_eq(name_check_service(".s6-svscan"), NAME_BAD_START);
        ck_assert_int_eq(name_check_service(".."), NAME_BAD_START);
        ck_assert_int_eq(name_check_service("-x"), NAME_BAD_START);
        ck_assert_int_eq(name_check_service("_x"), NAME_BAD_START);
        ck_assert_int_eq(name_check_service("a/log"), NAME_BAD_CHARACTER);
        ck_assert_int_eq(name_check_service("a\n"), NAME_BAD_CHARACTER);
        ck_assert_int_eq(name_check_service("a%x"), NAME_BAD_CHARACTER);
        ck_assert_int_eq(name_check_service("a\x7f"), NAME_BAD_CHARACTER);
        ck_assert_int_eq(name_check_service(repeat('a', LIMIT_SERVICE_NAME_BYTES)), NAME_OK);
        ck_assert_int_eq(name_check_service(repeat('a', LIMIT_SERVICE_NAME_BYTES + 1)), NAME_TOO_LONG);
}
END_TEST

/* Every byte at both places, against the rule written down once more. */
START_TEST(every_byte)
{
        for (int byte = 1; byte < 256; byte++) {
                char name[] = {(char)byte, 'a', '\0'};
                char end[] = {'a', (char)byte, '\0'};
                bool lower = (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9');
                bool any = lower || (byte >= 'A' && byte <= 'Z');
                bool mark = byte == '_' || byte == '-';

                ck_assert_int_eq(name_check_profile(name), lower ? NAME_OK : NAME_BAD_START);
                ck_assert_int_eq(name_check_profile(end), lower || mark ? NAME_OK : NAME_BAD_CHARACTER);
                ck_assert_int_eq(name_check_service(name), any ? NAME_OK : NAME_BAD_START);
                ck_assert_int_eq(name_check_service(end),
                                 any || mark || byte == '.' ? NAME_OK : NAME_BAD_CHARACTER);
        }
}
END_TEST

START_TEST(profiles_of_services)
{
        const char *service = "gateway-coder";

        ck_assert_ptr_eq(name_profile_of(service), service + 8);
        ck_assert_str_eq(name_profile_of("gateway-gateway-x"), "gateway-x");
        ck_assert_ptr_null(name_profile_of("gateway-"));
        ck_assert_ptr_null(name_profile_of("gateway"));
        ck_assert_ptr_null(name_profile_of(""));
        ck_assert_ptr_null(name_profile_of("g"));
        ck_assert_ptr_null(name_profile_of("dashboard"));
        ck_assert_ptr_null(name_profile_of("Gateway-x"));
        ck_assert_ptr_null(name_profile_of("xgateway-x"));
        ck_assert_ptr_null(name_profile_of("gateway-X"));
        ck_assert_ptr_null(name_profile_of("gateway--x"));
        ck_assert_ptr_null(name_profile_of("gateway-a.b"));
        ck_assert_ptr_null(name_profile_of("gateway-a/b"));
}
END_TEST

START_TEST(services_of_profiles)
{
        char service[LIMIT_SERVICE_NAME_BYTES + 1];
        const char *longest = repeat('a', LIMIT_PROFILE_NAME_BYTES);

        name_service_of("coder", service, sizeof(service));
        ck_assert_str_eq(service, "gateway-coder");
        name_service_of(longest, service, sizeof(service));
        ck_assert_uint_eq(strlen(service), LIMIT_SERVICE_NAME_BYTES);
        ck_assert_int_eq(name_check_service(service), NAME_OK);
        ck_assert_str_eq(name_profile_of(service), longest);
}
END_TEST

START_TEST(environment)
{
        ck_assert_int_eq(environment_check("PATH", ""), ENVIRONMENT_OK);
        ck_assert_int_eq(environment_check("_", "x"), ENVIRONMENT_OK);
        ck_assert_int_eq(environment_check("a_9Z", "line\nline"), ENVIRONMENT_OK);
        ck_assert_int_eq(environment_check("", "x"), ENVIRONMENT_BAD_NAME);
        ck_assert_int_eq(environment_check("9a", "x"), ENVIRONMENT_BAD_NAME);
        ck_assert_int_eq(environment_check("a=b", "x"), ENVIRONMENT_BAD_NAME);
        ck_assert_int_eq(environment_check("a-b", "x"), ENVIRONMENT_BAD_NAME);
        ck_assert_int_eq(environment_check("a.b", "x"), ENVIRONMENT_BAD_NAME);
        ck_assert_int_eq(environment_check("../a", "x"), ENVIRONMENT_BAD_NAME);
        ck_assert_int_eq(environment_check("a\n", "x"), ENVIRONMENT_BAD_NAME);
        ck_assert_int_eq(environment_check("\xc3\xa9", "x"), ENVIRONMENT_BAD_NAME);
        ck_assert_int_eq(environment_check(repeat('A', LIMIT_ENVIRONMENT_NAME_BYTES), "x"), ENVIRONMENT_OK);
        ck_assert_int_eq(environment_check(repeat('A', LIMIT_ENVIRONMENT_NAME_BYTES + 1), "x"),
                         ENVIRONMENT_BAD_NAME);
        ck_assert_int_eq(environment_check("HOME", "x"), ENVIRONMENT_RESERVED);
        ck_assert_int_eq(environment_check("HERMES_HOME", "x"), ENVIRONMENT_RESERVED);
        ck_assert_int_eq(environment_check("HERMES_S6_", "x"), ENVIRONMENT_RESERVED);
        ck_assert_int_eq(environment_check("HERMES_S6_ANY", "x"), ENVIRONMENT_RESERVED);
        ck_assert_int_eq(environment_check("HERMES_S6", "x"), ENVIRONMENT_OK);
        ck_assert_int_eq(environment_check("HERMES_HOMES", "x"), ENVIRONMENT_OK);
        ck_assert_int_eq(environment_check("HOME_", "x"), ENVIRONMENT_OK);
        ck_assert_int_eq(environment_check("MY_HOME", "x"), ENVIRONMENT_OK);
        ck_assert_int_eq(environment_check("A", repeat('v', LIMIT_STRING_BYTES)), ENVIRONMENT_OK);
        ck_assert_int_eq(environment_check("A", repeat('v', LIMIT_STRING_BYTES + 1)), ENVIRONMENT_BAD_VALUE);
}
END_TEST

START_TEST(texts)
{
        for (int result = NAME_OK; result <= NAME_BAD_CHARACTER; result++) {
                for (int other = NAME_OK; other < result; other++)
                        ck_assert_str_ne(name_result_text(result), name_result_text(other));
        }
        for (int result = ENVIRONMENT_OK; result <= ENVIRONMENT_BAD_VALUE; result++) {
                for (int other = ENVIRONMENT_OK; other < result; other++)
                        ck_assert_str_ne(environment_result_text(result), environment_result_text(other));
        }
        ck_assert_ptr_nonnull(strstr(name_result_text(NAME_TOO_LONG), "243"));
        ck_assert_ptr_nonnull(strstr(name_result_text(NAME_TOO_LONG), "251"));
}
END_TEST

int main(void)
{
        const TTest *tests[] = {
                profiles,    hashes, places, services, every_byte, profiles_of_services, services_of_profiles,
                environment, texts,
        };

        return unit_run(unit_suite_of("proto_name", tests));
}
