/* SPDX-License-Identifier: ISC */
/* config.yaml of the application, read in a thread of the volume's: whatever it holds, it is read in the time that its length is
 * worth (the runner's -timeout), and is one of four things. */
#include "daemon/judge/multiplex_config.h"

#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        char *text = fuzz_string(data, size);
        enum multiplex_config says;
        char *longer;

        if (!text)
                return -1;
        says = multiplex_config_read(text);
        must((unsigned)says <= MULTIPLEX_CONFIG_UNREADABLE);
        must(multiplex_config_read(text) == says);
        /* A comment says nothing. */
        must(asprintf(&longer, "# a comment\n%s", text) >= 0);
        if (text[0] != '%' && strncmp(text, "\xef\xbb\xbf", 3) != 0)
                must(multiplex_config_read(longer) == says);
        free(longer);
        free(text);
        return 0;
}
