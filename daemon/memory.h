/* SPDX-License-Identifier: ISC */
#ifndef DAEMON_MEMORY_H
#define DAEMON_MEMORY_H

/*
 * Makes the allocator give back what was freed; called once, early in main. bounds.h adds up what all
 * bounds admit, and the process takes no more than that only with such an allocator: glibc's would keep more
 * and more once large buffers came and went.
 */
void memory_begin(void);

/* Gives back what is free between what is in use, of all threads: glibc does that by itself only at the end
 * of its heaps. Takes a millisecond or two. */
void memory_settle(void);

#endif
