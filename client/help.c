/* SPDX-License-Identifier: ISC */
#include "client/help.h"

#include <stdio.h>

#include "client/grammar.h"
#include "client/verbs/verbs.h"

#define LABEL_BYTES 64

static void print_verb(const struct verb *verb)
{
        char label[LABEL_BYTES];

        snprintf(label, sizeof(label), "%s%s%s", verb->name, verb->usage ? " " : "",
                 verb->usage ? verb->usage : "");
        printf("  %-26s%s\n", label, verb->summary);
}

/* Prints a line for each option; one line may be for several rows. */
static void print_options(void)
{
        char label[LABEL_BYTES];
        size_t length = 0;

        for (size_t i = 0; i < grammar_options_count; i++) {
                const struct option_row *row = &grammar_options[i];

                if (row->summary && !*row->summary)
                        continue;
                length += (size_t)snprintf(label + length, sizeof(label) - length, "%s%s%s%s%s",
                                           length > 0 ? ", " : "", row->letter ? row->letter : "",
                                           row->letter ? ", " : "", row->name, row->usage);
                if (!row->summary)
                        continue;
                printf("  %-20s%s\n", label, row->summary);
                length = 0;
        }
}

void help_print(void)
{
        fputs("Usage: svcctl [OPTION]... [VERB [ARGUMENT]...]\n"
              "Manage the gateways of Hermes profiles through svcbrokerd(8). No VERB: list.\n"
              "\n",
              stdout);
        for (size_t i = 0; verbs[i]; i++)
                print_verb(verbs[i]);
        fputs("\n"
              "  NAME is a service, or a profile for short (coder for gateway-coder).\n"
              "\n",
              stdout);
        print_options();
        fputs("\n"
              "Exit codes: 0 done, 1 failed, 2 usage, 3 not running (status, kill),\n"
              "4 not registered, 5 denied, 6 deadline passed, 7 held or failed,\n"
              "69 broker not reachable, 130 interrupted while waiting. See svcctl(1).\n",
              stdout);
}
