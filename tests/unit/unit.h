/* SPDX-License-Identifier: ISC */
#ifndef UNIT_UNIT_H
#define UNIT_UNIT_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

/* A suite of one case: unit_suite(name, tests, how many). A test program is this and `return
 * unit_run(suite);`. */
#define unit_suite_of(name, tests) unit_suite(name, tests, sizeof(tests) / sizeof((tests)[0]))

static inline Suite *unit_suite(const char *name, const TTest *const *tests, size_t count)
{
        Suite *suite = suite_create(name);
        TCase *tcase = tcase_create(name);

        for (size_t i = 0; i < count; i++)
                tcase_add_test(tcase, tests[i]);
        suite_add_tcase(suite, tcase);
        return suite;
}

static inline int unit_run(Suite *suite)
{
        SRunner *runner = srunner_create(suite);
        int failed;
        int ran;

        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        ran = srunner_ntests_run(runner);
        srunner_free(runner);
        return failed == 0 && ran > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* A file below tests/unit, for programs that read one. Ends the test when it cannot tell where that is. */
static inline char *unit_path(const char *name, char *buffer, size_t size)
{
        const char *directory = getenv("UNIT_DATA");

        ck_assert_msg(directory != NULL, "UNIT_DATA is not set: run this by meson test");
        ck_assert_int_lt(snprintf(buffer, size, "%s/%s", directory, name), (int)size);
        return buffer;
}

/* The whole file, a NUL byte behind it; free() it. */
static inline char *unit_read(const char *path, size_t *length)
{
        FILE *file = fopen(path, "rb");
        char *bytes = NULL;
        size_t size = 0;
        FILE *memory = open_memstream(&bytes, &size);
        int byte;

        ck_assert_msg(file != NULL, "%s cannot be opened", path);
        while ((byte = fgetc(file)) != EOF)
                fputc(byte, memory);
        fclose(memory);
        fclose(file);
        *length = size;
        return bytes;
}

#endif
