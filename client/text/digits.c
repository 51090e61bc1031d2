/* SPDX-License-Identifier: ISC */
#include "client/text/digits.h"

#include <limits.h>
#include <stdint.h>

static bool is_digit(char byte)
{
        return byte >= '0' && byte <= '9';
}

bool digits_parse(const char *text, int *number)
{
        int64_t sum = 0;

        if (!*text)
                return false;
        for (; *text; text++) {
                if (!is_digit(*text))
                        return false;
                sum = sum * 10 + (*text - '0');
                if (sum > INT_MAX)
                        return false;
        }
        *number = (int)sum;
        return true;
}

bool digits_match(const char *text, const char *pattern)
{
        for (; *pattern; pattern++, text++) {
                if (*pattern == 'd' ? !is_digit(*text) : *text != *pattern)
                        return false;
        }
        return true;
}

int digits_number(const char *text, size_t count)
{
        int number = 0;

        while (count-- > 0)
                number = number * 10 + *text++ - '0';
        return number;
}
