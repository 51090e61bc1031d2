/* SPDX-License-Identifier: ISC */
/* What s6-supervise writes: supervise/status, and the death tally. */
#include <errno.h>

#include "daemon/bounds.h"
#include "daemon/edge/s6_status.h"

#include "fuzz.h"

#define TALLY_BYTES 14 /* of a death */

static const char *service_path(const char *file)
{
        static char path[128];

        snprintf(path, sizeof(path), "%s/service/supervise/%s", fuzz_directory(), file);
        return path;
}

static int services(void)
{
        static int fd = -1;

        if (fd < 0) {
                char path[128];

                fd = open(fuzz_directory(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
                snprintf(path, sizeof(path), "%s/service", fuzz_directory());
                must(fd >= 0 && mkdir(path, 0700) == 0 && mkdir(service_path(""), 0700) == 0);
        }
        return fd;
}

static void check_status(const unsigned char *bytes, size_t length)
{
        const struct s6_status untouched = {.pid = -7};
        struct s6_status status = untouched, read = untouched;
        int result = s6_status_decode(bytes, length, &status);

        must(result == 0 || result == -EBADMSG);
        must((result == 0) == (status.pid != untouched.pid));
        if (result == 0) {
                must(length == 35 || length == 43);
                must(status.pid >= 0 && status.since_usec >= 0 && status.ready_usec >= 0);
                must(status.wait_status >= 0 && status.wait_status <= 0xffff);
                must(!status.paused || status.pid != 0);
                must(!s6_status_is_alive(&status) || !status.finishing);
                must(!s6_status_ran_between(&status, &status));
        }
        must(s6_status_read(services(), "service", &read) == result);
        must(memcmp(&read, &status, sizeof(read)) == 0 || result == 0);
        must(read.pid == status.pid && read.since_usec == status.since_usec);
}

static void check_tally(size_t length)
{
        unsigned all, none, recent, longer;
        int result;

        must(s6_tally_count(services(), "service", &all) == 0 && all == length / TALLY_BYTES);
        result = s6_tally_recent(services(), "service", 60, &recent);
        must(result == 0 || result == -EBADMSG);
        if (result == 0) {
                must(recent <= all && recent <= S6_DEATHS && (recent > 0) == (all > 0));
                must(s6_tally_recent(services(), "service", 3600, &longer) == 0 && longer >= recent);
        }
        must(s6_tally_clear(services(), "service") == 0);
        must(s6_tally_recent(services(), "service", 60, &none) == 0 || all == 0);
        must(all == 0 || none == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        unsigned char *bytes = malloc(size ? size : 1);

        must(bytes && services() >= 0);
        if (size)
                memcpy(bytes, data, size);
        fuzz_write(service_path("status"), bytes, size);
        fuzz_write(service_path("death_tally"), bytes, size);
        check_status(bytes, size);
        check_tally(size);
        free(bytes);
        return 0;
}
