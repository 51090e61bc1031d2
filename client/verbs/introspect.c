/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "client/say/member.h"
#include "client/terminal/look.h"
#include "client/text/document.h"
#include "client/text/tint.h"
#include "client/verbs/verb.h"
#include "proto/interface.h"

/* Prints a text line by line, made printable: the server of the socket need not be svcbrokerd. */
static void print_text(const char *text)
{
        while (text && *text) {
                size_t length = strcspn(text, "\n");
                char *copy = strndup(text, length);

                if (copy)
                        tint_print(stdout, copy, look_printable(), TINT_PLAIN, false);
                free(copy);
                putchar('\n');
                text += length + (text[length] == '\n');
        }
}

static enum outcome run(struct session *session)
{
        const struct options *options = session->options;
        const char *interface = options->words_count > 0 ? options->words[0] : IO_SVCBROKER;
        struct json_object *parameters = NULL;
        const char *method = "org.varlink.service.GetInfo";
        struct answer answer;
        enum outcome outcome;

        /* A program asks which interfaces there are, a person what an interface looks like. */
        if (!options->json || options->words_count > 0) {
                method = "org.varlink.service.GetInterfaceDescription";
                parameters = json_object_new_object();
                json_object_object_add(parameters, "interface", json_object_new_string(interface));
        }
        outcome = session_ask(session, method, parameters, interface, &answer);
        if (outcome != OUTCOME_DONE)
                return outcome;
        if (options->json)
                document_write(answer.parameters);
        else
                print_text(member_string(answer.parameters, "description"));
        answer_deinit(&answer);
        return outcome;
}

const struct verb verb_introspect = {
        .name = "introspect",
        .usage = "[INTERFACE]",
        .summary = "print the text of an interface",
        .words_max = 1,
        .run = run,
};
