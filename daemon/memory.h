/* SPDX-License-Identifier: ISC */
#ifndef DAEMON_MEMORY_H
#define DAEMON_MEMORY_H

/*
 * bounds.h adds up what all bounds admit. That it is what the process takes needs an allocator that gives back what was
 * freed: glibc's would keep more and more of it once large buffers came and went. Once, first thing in main.
 */
void memory_begin(void);

#endif
