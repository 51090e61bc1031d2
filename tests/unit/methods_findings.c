/* SPDX-License-Identifier: ISC */
#include "unit.h"

#include "daemon/methods/findings.h"

static void assert_line(const struct findings *findings, const char *expected)
{
        char line[FINDINGS_LINE_BYTES];

        ck_assert_str_eq(findings_line(findings, line), expected);
}

START_TEST(some_by_name)
{
        struct findings findings = {0};

        findings_add(&findings, "/a", NULL);
        assert_line(&findings, "/a");
        findings_add(&findings, "/a/b", "run of x");
        findings_add(&findings, "/", NULL);
        assert_line(&findings, "/a, /a/b (run of x), /");
        for (int i = 0; i < 5; i++) {
                findings_add(&findings, "/a", "again");
                findings_add(&findings, "/a/b", NULL);
                findings_add(&findings, "/", NULL);
        }
        ck_assert_uint_eq(findings.count, 3);
        findings_add(&findings, "b", NULL);
        findings_add(&findings, "a", NULL);
        findings_add(&findings, "sixth", NULL);
        findings_add(&findings, "seventh", NULL);
        ck_assert_uint_eq(findings.count, 7);
        assert_line(&findings, "/a, /a/b (run of x), /, b, a and 2 more");
}
END_TEST

START_TEST(names_of_any_length)
{
        struct findings findings = {0};
        char line[FINDINGS_LINE_BYTES], name[2 * FINDINGS_TEXT_BYTES];

        memset(name, 'x', sizeof(name));
        name[sizeof(name) - 1] = '\0';
        findings_add(&findings, name, NULL);
        ck_assert_uint_eq(findings.count, 1);
        assert_line(&findings, "1 with names too long to tell");
        findings_add(&findings, "short", name);
        findings_add(&findings, "other", NULL);
        ck_assert_uint_eq(findings.count, 3);
        assert_line(&findings, "other and 2 more");
        /* To the last byte. */
        for (size_t length = FINDINGS_TEXT_BYTES - 20; length < FINDINGS_TEXT_BYTES + 20; length++) {
                struct findings full = {0};

                name[length] = '\0';
                findings_add(&full, name, NULL);
                findings_add(&full, "b", NULL);
                findings_line(&full, line);
                ck_assert_uint_eq(full.count, 2);
                ck_assert(length >= FINDINGS_TEXT_BYTES ? !strcmp(line, "b and 1 more")
                                                        : !strncmp(line, name, length));
                name[length] = 'x';
        }
        findings = (struct findings){0};
        findings_add(&findings, "", NULL);
        findings_add(&findings, "", NULL);
        ck_assert_uint_eq(findings.count, 2);
}
END_TEST

int main(void)
{
        const TTest *tests[] = {some_by_name, names_of_any_length};

        return unit_run(unit_suite_of("methods_findings", tests));
}
