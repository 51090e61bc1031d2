/* SPDX-License-Identifier: ISC */
#include "daemon/judge/shortage.h"

#include <errno.h>

bool shortage_is_why(int result)
{
        return result == -EMFILE || result == -ENFILE || result == -ENOMEM;
}
