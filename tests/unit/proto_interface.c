/* SPDX-License-Identifier: ISC */
#include "unit.h"

#include "proto/interface.h"

static void is_the_file(const char *interface, const char *file)
{
        char path[4096];
        size_t length;
        char *text = unit_read(unit_path(file, path, sizeof(path)), &length);

        ck_assert_uint_gt(length, 0);
        ck_assert_uint_eq(strlen(interface), length);
        ck_assert_mem_eq(interface, text, length + 1);
        free(text);
}

START_TEST(embedded_byte_for_byte)
{
        is_the_file(interface_io_svcbroker, "../../proto/" IO_SVCBROKER ".varlink");
        is_the_file(interface_io_systemd_Metrics, "../../proto/" IO_SYSTEMD_METRICS ".varlink");
        is_the_file(interface_org_varlink_service, "../../proto/" ORG_VARLINK_SERVICE ".varlink");
}
END_TEST

int main(void)
{
        const TTest *tests[] = {embedded_byte_for_byte};

        return unit_run(unit_suite_of("proto_interface", tests));
}
