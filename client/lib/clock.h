/* SPDX-License-Identifier: ISC */
#ifndef CLIENT_LIB_CLOCK_H
#define CLIENT_LIB_CLOCK_H

#include <stdint.h>

/* The clock of all deadlines: it goes on evenly, whatever is done to the time of day (CLOCK_MONOTONIC). */
int64_t clock_now_msec(void);

/* Returns how many milliseconds are left until then_msec, as poll(2) takes them; 0 if that has passed. */
int clock_left_msec(int64_t then_msec);

#endif
