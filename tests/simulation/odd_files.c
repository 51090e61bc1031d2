/* SPDX-License-Identifier: ISC */
/* What others than the broker write into the volume, well and badly: the application's state and configuration, records of another broker. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core.h"
#include "profiles.h"

#define TEXT_BYTES 4096
#define ONE_OF(list) (list)[sim_below(sizeof(list) / sizeof((list)[0]))]

static const char *const values[] = {
        "\"running\"",
        "\"running\"",
        "\"stopped\"",
        "\"draining\"",
        "\"degraded\"",
        "\"exited\"",
        "\"\"",
        "\"A b\"",
        "\"run\\u0065d\"",
        "\"\\ud83d\\ude00\"",
        "\"\\\\\\n\\/\"",
        "\"\xc3\xa4\"",
        "\"\xff\"",
        "\"a\tb\"",
        "true",
        "false",
        "null",
        "0",
        "-1.5e+7",
        "01",
        "NaN",
        "-Infinity",
        "1e",
        "[1,[2,[]],\"x\"]",
        "{\"a\":{}}",
        "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]",
        "[1,]",
        "\"\\u00\"",
        "\"\\x\"",
        "\"\\u0000\""};
static const char *const names[] = {"gateway_state", "gateway_state", "desired_state",
                                    "desired_state", "phase",         "pid",
                                    "kind",          "\\u0061",       "active"};

static const char *const configurations[] = {
        "multiplex_profiles: true\n",
        "multiplex_profiles: false\n",
        "multiplex_profiles: \" Yes \"\n",
        "multiplex_profiles: ''\n",
        "multiplex_profiles: a very long word\n",
        "multiplex_profiles: 0x0\n",
        "multiplex_profiles: +1.5e+3\n",
        "multiplex_profiles: .inf\n",
        "multiplex_profiles: 2001-01-01\n",
        "multiplex_profiles: [1]\n",
        "multiplex_profiles: []\n",
        "multiplex_profiles: {a: 1}\n",
        "multiplex_profiles: {}\n",
        "multiplex_profiles: ~\n",
        "multiplex_profiles: !!null ''\n",
        "multiplex_profiles: !!bool no\n",
        "multiplex_profiles: !!bool maybe\n",
        "multiplex_profiles: !!int 0b1\n",
        "multiplex_profiles: !!float x\n",
        "multiplex_profiles: !!str 1\n",
        "multiplex_profiles: \"\\0\"\n",
        "multiplex_profiles: !other 1\n",
        "gateway:\n  multiplex_profiles: on\n",
        "gateway: [1]\nmultiplex_profiles: 1\nmultiplex_profiles: 0\n",
        "a: &a\n  multiplex_profiles: true\ngateway:\n  <<: *a\n",
        "a: &a {x: 1}\nb: &b {multiplex_profiles: off}\n<<: [*a, *b, 7]\n",
        "<<: 7\n\"<<\": 8\n",
        "a: &a\n  <<: *a\n",
        "? [1, 2]\n: 3\n",
        "--- 1\n",
        "---\n---\na: 1\n",
        "a: 1\n--- b\n",
        "a: 1\n--- *nobody\n",
        "~\n",
        "null\n",
        "",
        "# [[[[[[\n",
        "a: [\n",
        "\tx",
        "- - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - "
        "- - - 1\n"};

static const char *const records[] = {
        "{\"version\":1,\"want\":\"up\"}\n",
        "{\"version\":1,\"want\":\"down\",\"environment\":{\"MARK\":\"7\"}}\n",
        "{\"version\":1.7,\"want\":\"up\",\"later\":{\"a\":[1,2,{\"b\":\"c\"}]},\"x\":null}\n",
        "{\"version\":1.2,\"want\":\"down\",\"x\":\"y\"}\n",
        "{\"version\":2,\"want\":\"up\"}\n",
        "{\"version\":\"1\",\"want\":\"up\"}\n",
        "{\"want\":\"up\"}\n",
        "{\"version\":1,\"want\":\"sideways\"}\n",
        "{\"version\":1}\n",
        "{\"version\":1,\"want\":\"up\",\"environment\":{\"HOME\":\"/evil\"}}\n",
        "{\"version\":1,\"want\":\"up\",\"environment\":{\"A\":1}}\n",
        "{\"version\":1,\"version\":1,\"want\":\"up\"}\n",
        "\xef\xbb\xbf { \"want\" : \"up\" , \"version\" : 1 }",
        "[]",
        "{",
        ""};

/* Cut off, or with a wrong byte in it. */
static void spoil(char *text)
{
        size_t length = strlen(text);

        if (!length || sim_below(3))
                return;
        if (sim_below(2))
                text[sim_below((unsigned)length)] = '\0';
        else
                text[sim_below((unsigned)length)] = "{}[]\",:\\ \n\x01x1"[sim_below(13)];
}

static void make_state(char text[TEXT_BYTES])
{
        unsigned members = sim_below(4);
        size_t at = (size_t)snprintf(text, TEXT_BYTES, "%s{ ", sim_below(8) ? "" : "\xef\xbb\xbf");

        for (unsigned i = 0; i < members; i++)
                at += (size_t)snprintf(text + at, TEXT_BYTES - at, "%s\"%s\"%s:%s", i ? "," : "",
                                       ONE_OF(names), sim_below(4) ? "" : " ", ONE_OF(values));
        snprintf(text + at, TEXT_BYTES - at, "}%s", sim_below(8) ? "" : " x");
}

static void put(const char *path, const char *text)
{
        int fd = openat(sim_directory, path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644);

        sim_trace("hermes: writes %s: %.60s", path, text);
        if (fd < 0)
                return;
        if (write(fd, text, strlen(text)) != (ssize_t)strlen(text))
                abort();
        close(fd);
}

void odd_file_write(const char *profile)
{
        char text[TEXT_BYTES], path[160];
        unsigned kind = sim_below(10);

        if (kind < 4) {
                snprintf(text, sizeof(text), "%s", ONE_OF(configurations));
                snprintf(path, sizeof(path), "%s/config.yaml", sim_volume());
        } else if (kind < 7) {
                snprintf(text, sizeof(text), "%s", ONE_OF(records));
                snprintf(path, sizeof(path), "%s/.svcbroker/intent/%s", sim_volume(), profile);
        } else {
                make_state(text);
                if (strcmp(profile, "default") == 0)
                        snprintf(path, sizeof(path), "%s/gateway_state.json", sim_volume());
                else
                        snprintf(path, sizeof(path), "%s/profiles/%s/gateway_state.json", sim_volume(),
                                 profile);
        }
        spoil(text);
        put(path, text);
}
