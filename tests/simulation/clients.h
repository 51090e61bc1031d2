/* SPDX-License-Identifier: ISC */
#ifndef SIMULATION_CLIENTS_H
#define SIMULATION_CLIENTS_H

#include <stdbool.h>
#include <sys/socket.h>
#include <sys/types.h>

struct actor;

/* Who is in a run beside the broker: clients that the seed makes up, or a scenario. */
struct company {
        const struct actor *const *actors; /* NULL behind the last one */
        /* Whom the peer of a connection that the broker accepted plays. False: it is no client here. */
        bool (*identity)(int fd, struct ucred *credentials);
        /* A line that the broker wrote to its log, without its newline. */
        void (*on_log)(const char *line);
        /* What the broker was told to touch, as it came with a system call: no name that is not one is in there. */
        void (*on_path)(const char *path);
};
extern const struct company company_of_clients, company_of_scenario;
extern const struct company *company; /* chosen before a run */

/* The user that clients play; and one that nobody knows. */
#define CLIENTS_UID 10000
#define CLIENTS_NOBODY 10777

#endif
