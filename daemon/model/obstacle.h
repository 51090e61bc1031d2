#ifndef MODEL_OBSTACLE_H
#define MODEL_OBSTACLE_H

#include <stdbool.h>

struct service;

/*
 * Why what was ordered does not come about, for people: a static string; NULL: nothing of that kind is known.
 * Looks at FIFOs. `now`: not only what has lasted for too long.
 */
const char *obstacle_of(const struct service *service, bool now);

#endif
