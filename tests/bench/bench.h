/* SPDX-License-Identifier: ISC */
#ifndef BENCH_BENCH_H
#define BENCH_BENCH_H

#include <stddef.h>
#include <stdint.h>

/* What the benchmark programs share. They measure; whatever goes wrong ends them with one line on standard
 * error. */

_Noreturn void bench_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

int64_t bench_now_nsec(void);

/* A number from the command line, from 1 on. */
long bench_number(const char *text);

/* Sorts the values. */
double bench_median(double *values, size_t count);

/* %ld of the pattern becomes the number; it is ours, from the command line of a benchmark. Valid until the
 * next call. */
const char *bench_numbered(const char *pattern, long number);

/* A blocking connection. */
int bench_connect(const char *path);

/* Sends the bytes of `request` with the NUL byte behind them. */
void bench_send(int fd, const char *request);

/* Receives one reply and returns it, valid until the next; *length counts its NUL byte. */
const char *bench_receive(int fd, size_t *length);

/* Fails when the reply is an error. */
void bench_call(int fd, const char *request);

/* Runs it with its output thrown away, and returns its exit status. */
int bench_spawn(const char *const argv[]);

#endif
