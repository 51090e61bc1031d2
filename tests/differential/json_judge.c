/* SPDX-License-Identifier: ISC */
/*
 * json_judge TESTS OUTPUT: writes to the file OUTPUT how thousands of texts are judged, a line each. TESTS is
 * the directory tests/. Nothing in it depends on the machine or the time; whether it depends on the version
 * of json-c is what is tested with it.
 */
#include <stdio.h>

#include "tests/differential/cases.h"
#include "tests/differential/verdict.h"

#define MUTATIONS 12000
/* A lost corpus, or a reader that takes everything, must not pass for agreement. */
#define LEAST_EACH 2000

static FILE *output;
static unsigned accepted;
static unsigned refused;

static bool judge(const char *label, const char *text, size_t length)
{
        bool good = verdict_print(output, label, text, length);

        accepted += good;
        refused += !good;
        return good;
}

int main(int argc, char **argv)
{
        if (argc != 3) {
                fprintf(stderr, "usage: json_judge TESTS OUTPUT\n");
                return 100;
        }
        output = fopen(argv[2], "w");
        if (!output) {
                perror(argv[2]);
                return 111;
        }
        cases_run(argv[1], MUTATIONS, judge);
        if (ferror(output) || fclose(output)) {
                perror(argv[2]);
                return 111;
        }
        printf("%u accepted, %u refused\n", accepted, refused);
        return accepted < LEAST_EACH || refused < LEAST_EACH;
}
