#ifndef EDGE_PROCESS_H
#define EDGE_PROCESS_H

#include <stdint.h>
#include <sys/types.h>

/*
 * When a process started, in clock ticks since the machine did: field 22 of /proc/PID/stat (proc(5)). With
 * the pid it names one process for ever. 0 or a negative errno.
 */
int process_start_time(pid_t pid, uint64_t *ticks);

#endif
