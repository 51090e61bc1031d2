#ifndef SIMULATION_CLIENTS_H
#define SIMULATION_CLIENTS_H

#include <stdbool.h>
#include <sys/socket.h>
#include <sys/types.h>

/* For the core: whom the peer of a connection that the broker accepted plays. False: it is no client here. */
bool clients_identity(int fd, struct ucred *credentials);

/* A line that the broker wrote to its log, without its newline. */
void clients_on_log(const char *line);

/* What the broker was told to touch, as it came with a system call: no name that is not one is in there. */
void clients_on_path(const char *path);

/* The user that clients play; and one that nobody knows. */
#define CLIENTS_UID 10000
#define CLIENTS_NOBODY 10777

#endif
