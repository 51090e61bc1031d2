/* SPDX-License-Identifier: ISC */
#include "daemon/session/counts.h"

#include <stdbool.h>
#include <string.h>

const struct counts_bound counts_bounds[COUNTS_BOUNDS] = {
        {100000, "0.0001"},  {1000000, "0.001"},    {5000000, "0.005"}, {10000000, "0.01"},
        {50000000, "0.05"},  {100000000, "0.1"},    {500000000, "0.5"}, {1000000000, "1.0"},
        {5000000000, "5.0"}, {30000000000, "30.0"},
};

void counts_begin(struct counts *counts, size_t number, size_t *counted)
{
        if (number >= COUNTS_METHODS_MOST)
                return;
        counts->methods[number].begun++;
        *counted = number + 1;
}

void counts_end(struct counts *counts, size_t counted, int64_t nsec)
{
        struct call_count *count;
        size_t bound = 0;

        if (!counted)
                return;
        while (bound < COUNTS_BOUNDS && nsec > counts_bounds[bound].nsec)
                bound++;
        count = &counts->methods[counted - 1];
        count->ended++;
        count->within[bound]++;
        count->nsec += nsec;
        if (nsec > count->longest_nsec)
                count->longest_nsec = nsec;
}

static bool is_same(const char *one, const char *other)
{
        return one == other || (one && other && strcmp(one, other) == 0);
}

void counts_refusal(struct counts *counts, const char *error, const char *limit)
{
        for (size_t i = 0; error && i < COUNTS_CAUSES_MOST; i++) {
                struct refusal_count *refusal = &counts->refusals[i];

                if (!refusal->error)
                        *refusal = (struct refusal_count){.error = error, .limit = limit};
                if (is_same(refusal->error, error) && is_same(refusal->limit, limit)) {
                        refusal->count++;
                        return;
                }
        }
}
