/* SPDX-License-Identifier: ISC */
#ifndef CLIENT_SAY_OPENMETRICS_H
#define CLIENT_SAY_OPENMETRICS_H

struct json_object;

/*
 * Metrics of io.systemd.Metrics as text for Prometheus. Pure.
 *
 * io.svcbroker.ProcessorSeconds, a counter, becomes svcbroker_processor_seconds_total; a name that ends with Seconds or
 * Bytes has that unit. An object becomes the label service, and fields become labels. A string becomes a
 * label called after its family's last word, on a gauge that is 1:
 * svcbroker_service_state{service="gateway-a",state="up"} 1. Two counters of which the second is called like
 * the first with Bucket behind it, and tells its bounds in the field le, become a histogram: the first one is
 * its sum.
 */
enum openmetrics_format {
        OPENMETRICS_1_0,  /* application/openmetrics-text; version=1.0.0 */
        PROMETHEUS_0_0_4, /* text/plain; version=0.0.4: the older format; `promtool check metrics` reads it */
};

/* Returns the text: free() it. NULL when out of memory. families: an array of Describe's replies; metrics:
 * one of List's replies, in the order of the families. */
char *openmetrics_text(struct json_object *families, struct json_object *metrics,
                       enum openmetrics_format format);

#endif
