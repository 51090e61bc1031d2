/* SPDX-License-Identifier: ISC */
#ifndef CLIENT_LOG_LOGREADER_H
#define CLIENT_LOG_LOGREADER_H

#include <stdbool.h>
#include <stddef.h>

#include "client/log/logline.h"

/* Cuts what files hold into lines. A line over LOGLINE_BYTES_MAX is cut, and the rest of it dropped. */

typedef void logreader_line(void *context, const char *line, size_t length, bool cut);

struct logreader {
        logreader_line *line;
        void *context;
        size_t length; /* of the line that has begun */
        bool cut;
        char bytes[LOGLINE_BYTES_MAX];
};

/* Reads on to the end that the file has now. A file that has become shorter is read from its start. 0 or
 * negative errno. */
int logreader_read(struct logreader *reader, int fd);

/* Tells the reader that nothing more comes: what there is of a last line is a line. */
void logreader_end(struct logreader *reader);

#endif
