/* SPDX-License-Identifier: ISC */
#ifndef PROTO_INTERFACE_H
#define PROTO_INTERFACE_H

/* The texts of the .varlink files, byte for byte, NUL-terminated. */
extern const char interface_io_svcbroker[];
extern const char interface_io_systemd_Metrics[];
extern const char interface_org_varlink_service[];

#define IO_SVCBROKER "io.svcbroker"
#define IO_SYSTEMD_METRICS "io.systemd.Metrics"
#define ORG_VARLINK_SERVICE "org.varlink.service"

#endif
