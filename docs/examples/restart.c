/* SPDX-License-Identifier: ISC */
/*
 * restart NAME...: restarts these services, and prints the outcome of each as soon as it is known. Fails if
 * one of them did.
 *
 *     cc restart.c $(pkg-config --cflags --libs libsvcbroker) -o restart
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <svcbroker.h>

#define CONNECT_MSEC 5000
#define REPLY_MSEC 35000 /* the broker waits for 30000, if not told otherwise */
#define PARAMETERS_BYTES 4096

/* Names have no character that JSON would need escaped; whatever has one is no name, and must not get in. */
static int is_name(const char *word)
{
        return *word &&
               word[strspn(word, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-")] ==
                       '\0';
}

/* Programs with a JSON library make this with it. */
static int write_parameters(char *parameters, size_t size, int count, char *names[])
{
        size_t length = (size_t)snprintf(parameters, size, "{\"wait\":\"up\",\"names\":[");

        for (int i = 0; i < count; i++) {
                if (!is_name(names[i]))
                        return -EINVAL;
                length += (size_t)snprintf(parameters + length, size - length, "%s\"%s\"", i > 0 ? "," : "",
                                           names[i]);
                if (length >= size)
                        return -E2BIG;
        }
        length += (size_t)snprintf(parameters + length, size - length, "]}");
        return length < size ? 0 : -E2BIG;
}

/*
 * A reply tells of each service, and what failed is in there: {"outcomes":[{"name":...,"error":...}]}.
 * Programs with a JSON library look there with it. The library writes replies without blanks, and a quote
 * inside of a string has a backslash before it, so this is found nowhere else.
 */
static int has_failed(const char *reply_parameters)
{
        return strstr(reply_parameters, "\"error\":\"") != NULL;
}

int main(int argc, char *argv[])
{
        char parameters[PARAMETERS_BYTES];
        struct svcbroker *connection = NULL;
        struct svcbroker_reply reply = {.continues = true};
        int result = write_parameters(parameters, sizeof(parameters), argc - 1, argv + 1);
        int failed = 0;

        if (result == 0)
                result = svcbroker_connect(NULL, CONNECT_MSEC, &connection);
        if (result == 0)
                result = svcbroker_queue(connection, "io.svcbroker.Restart", parameters, SVCBROKER_MORE);
        while (result == 0 && reply.continues) {
                result = svcbroker_receive(connection, REPLY_MSEC, &reply);
                if (result < 0)
                        break;
                if (!reply.error && has_failed(reply.parameters))
                        reply.error = "failed";
                printf("%s %s\n", reply.error ? reply.error : "ok", reply.parameters);
                failed = failed || reply.error;
        }
        if (result < 0)
                fprintf(stderr, "restart: %s\n", svcbroker_strerror(result));
        svcbroker_close(connection);
        return result < 0 || failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
