/* SPDX-License-Identifier: ISC */
#include "client/terminal/output.h"

#include <stdio.h>
#include <unistd.h>

/* Whether stdout has lost its reader. The write that failed may be long ago, and its errno gone, so this is
 * asked anew. */
static bool is_unread(void)
{
        struct pollfd poll_fd = {.fd = STDOUT_FILENO, .events = 0};

        return poll(&poll_fd, 1, 0) > 0 && (poll_fd.revents & OUTPUT_UNREAD);
}

bool output_flush(void)
{
        return (fflush(stdout) == 0 && !ferror(stdout)) || is_unread();
}
