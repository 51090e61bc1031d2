/* SPDX-License-Identifier: ISC */
#ifndef SIMULATION_SCENARIO_H
#define SIMULATION_SCENARIO_H

#include <stdbool.h>

#include <json-c/json.h>

#include "sim.h"

struct wished;

/*
 * A scenario (scenarios/README): what is done to the broker and its world, one thing after the other, and what is there at the end. The
 * same files are run on a real tree by tests/integration/test_simulation.py.
 */

/* Which one is run; before run_seed(). */
void scenario_choose(struct json_object *scenario);
/* scenario_run.c: runs the one in that file, and prints what it ended in. 0; 1: it failed; 2: it is none. */
int scenario_run(const struct wished *wished, uint64_t seed, bool trace, const char *path);
/* What it ended in, as one line of JSON; of the process that runs it. */
#define SCENARIO_RESULT_BYTES 16384

/* scenario_deeds.c: what is no call. False: it is none of these, or could not be done yet. */
enum deed { DEED_UNKNOWN, DEED_DONE, DEED_NOT_YET };
enum deed scenario_do(struct json_object *step);
/* A logger is wanted as long as there is the slot. */
bool scenario_is_over(const char *profile);
/* Of the world: what is there of a profile besides what Status says. */
void scenario_look(const char *profile, struct json_object *found);
/* "@a" in a text is profile a. */
const char *scenario_text(const char *text);
struct json_object *scenario_adapt(struct json_object *value);

#endif
