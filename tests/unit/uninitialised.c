/* SPDX-License-Identifier: ISC */
/* What valgrind is there for: a decision by memory that nothing was written to. To be found by it (meson.build): with nothing found
 * here, nothing found elsewhere would prove anything. */
#include <stdio.h>
#include <stdlib.h>

int main(void)
{
        int *volatile memory = malloc(sizeof(*memory));

        if (*memory)
                puts("not zero");
        free(memory);
        return 0;
}
