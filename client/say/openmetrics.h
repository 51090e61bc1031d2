/* SPDX-License-Identifier: ISC */
#ifndef CLIENT_SAY_OPENMETRICS_H
#define CLIENT_SAY_OPENMETRICS_H

struct json_object;

/*
 * Metrics of io.systemd.Metrics as text for Prometheus. Pure.
 *
 * io.svcbroker.CallSeconds, a counter, is svcbroker_call_seconds_total; what ends with Seconds or Bytes has that unit. An
 * object is the label service; fields are labels. A string is a label called as its family's last word, of a gauge that is 1:
 * svcbroker_service_state{service="gateway-a",state="up"} 1.
 */
enum openmetrics_format {
        OPENMETRICS_1_0, /* application/openmetrics-text; version=1.0.0 */
        PROMETHEUS_0_0_4, /* text/plain; version=0.0.4: what came before it, and `promtool check metrics` reads */
};

/* families: an array of Describe's replies; metrics: one of List's, in that order. Free() it. NULL when out of memory. */
char *openmetrics_text(struct json_object *families, struct json_object *metrics,
                       enum openmetrics_format format);

#endif
