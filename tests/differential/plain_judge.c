/* SPDX-License-Identifier: ISC */
/*
 * plain_judge TESTS: reads the same thousands of texts as calls, with and without a tree, and says where that
 * is not the same. TESTS is the directory tests/.
 */
#include <stdio.h>
#include <stdlib.h>

#include "tests/differential/cases.h"
#include "tests/differential/same_call.h"

#define MUTATIONS 60000
/* What takes nothing without a tree, or everything, must not pass for agreement. */
#define LEAST_EACH 2000
#define DIFFERING_TOLD 20

static unsigned without_tree, others, differing;

static bool judge(const char *label, const char *text, size_t length)
{
        bool plain;

        if (!same_call(text, length, &plain)) {
                fprintf(stderr, "%s: not the same: %.200s\n", label, text);
                if (++differing == DIFFERING_TOLD)
                        exit(1);
        }
        without_tree += plain;
        others += !plain;
        return plain;
}

int main(int argc, char **argv)
{
        if (argc != 2) {
                fprintf(stderr, "usage: plain_judge TESTS\n");
                return 100;
        }
        cases_run(argv[1], MUTATIONS, judge);
        printf("%u without a tree, %u others\n", without_tree, others);
        return differing || without_tree < LEAST_EACH || others < LEAST_EACH;
}
