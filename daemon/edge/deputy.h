#ifndef EDGE_DEPUTY_H
#define EDGE_DEPUTY_H

#include <pthread.h>
#include <stdbool.h>
#include <sys/types.h>

#include <uv.h>

/*
 * One thread that acts as the client user: whatever it is told to do is done with that user's power and
 * nobody else's. Its effective ids are the client's; real and saved ids stay root's, since kill(2) and
 * prlimit(2) take a thread's id and look at that thread's ids: with all three the client's, the client could
 * kill the broker through it. It has no capabilities. The loop never waits for it.
 */
struct deputy_job {
        struct deputy_job *next;
        void (*work)(struct deputy_job *job); /* in the deputy; must end within seconds */
        void (*done)(struct deputy_job *job); /* in the loop, which owns the job again */
};

struct deputy {
        pthread_t thread;
        pthread_mutex_t mutex;
        pthread_cond_t wanted;
        uv_async_t finished_signal;
        struct deputy_job *queue;    /* to do, oldest first */
        struct deputy_job *finished; /* done, oldest first */
        uid_t uid;
        gid_t gid;
        bool switches; /* another identity than the process's */
        bool running;
        bool ending;
        int failure; /* errno of becoming the client, 0: none; valid once deputy_open() returned */
        bool ready;
};

/*
 * Starts the thread and waits until it is the client (`switches` false: until it runs). 0 or a negative
 * errno; then there is no thread.
 */
int deputy_open(struct deputy *deputy, uv_loop_t *loop, uid_t uid, gid_t gid, bool switches);

/* Lets the job that runs end, drops the others without `done`, joins the thread. */
void deputy_close(struct deputy *deputy);

void deputy_run(struct deputy *deputy, struct deputy_job *job);

#endif
