#include "client/text/number.h"

#include <limits.h>
#include <stdint.h>

bool number_parse(const char *text, int *number)
{
        int64_t sum = 0;

        if (!*text)
                return false;
        for (; *text; text++) {
                if (*text < '0' || *text > '9')
                        return false;
                sum = sum * 10 + (*text - '0');
                if (sum > INT_MAX)
                        return false;
        }
        *number = (int)sum;
        return true;
}
