/* SPDX-License-Identifier: ISC */
#ifndef ORDER_ORDER_PARTS_H
#define ORDER_ORDER_PARTS_H

#include "daemon/loop/ready.h"
#include "daemon/order/order.h"

/*
 * How an order is worked off: a name at a time, so that everybody else has a turn between any two. What may
 * have come, gone or been ordered otherwise between two turns is looked up again by its name.
 */
enum order_phase {
        ORDER_LOOKING,     /* the volume is asked whether gateways may run, and for profiles without a slot */
        ORDER_RECORDING,   /* each slot's record is written, and batches of them are given to the volume */
        ORDER_WRITING,     /* the volume has not answered for all batches */
        ORDER_TELLING,     /* outcomes are told; of an order that waits, only what was refused */
        ORDER_DELIVERING,  /* the services are given their goals or signals, which they send to s6 */
        ORDER_WAITING,     /* for the goals, and for the reader of the outcomes; may be closed at any time */
        ORDER_CATCHING_UP, /* the timeout is over: the service of each entry that still waits is looked at */
        ORDER_EXPIRING,    /* each such entry is told, when what was seen of its service has been judged */
        ORDER_OVER,        /* the order is freed with its next step */
};

/* Does anybody take the outcomes of an order? */
enum order_reader {
        READER_LISTENS,
        READER_LATE, /* the caller took none for too long: outcomes are kept as due, and delivery goes on */
        READER_GONE, /* nobody does */
};

/* What has been done for an entry. */
enum order_work {
        WORK_NONE,     /* nothing: it was refused, or the service is as ordered already */
        WORK_RECORDED, /* it is recorded, if it changes a slot's record, and is to be delivered */
        WORK_WRITTEN,  /* the same, and the record is in a batch for the volume, or will be */
};

struct order_entry {
        struct wait wait;
        struct order *order;
        const char *name;
        struct order_entry *due_next;
        struct fault fault; /* why the order was refused, or why its goal was not reached */
        enum order_work work;
        bool want_up;
        bool told; /* the outcome has been told, or is due to be */
        bool persisted;
        const char *persist_problem;
};

struct order {
        struct ready ready;
        struct waiter waiter;
        struct order *next;
        struct registry *registry;
        struct ticket ticket;
        uint64_t number; /* orders are numbered as they come */
        enum order_kind kind;
        enum order_phase phase;
        struct event_by by;
        bool root;
        bool wait;
        bool all; /* of all gateways: may be more names than a call may list, and each has a slot */
        enum order_reader reader;
        int64_t timeout_msec;
        unsigned kill_after_msec;
        unsigned signal; /* ORDER_SIGNAL: the signal's row */
        int64_t began_msec;
        int64_t short_msec; /* by clock_msec(): since when recording meets a shortage; 0: it does not */
        struct timer timer;
        size_t at;                     /* the entry that is next in this phase */
        size_t behind;                 /* ORDER_EXPIRING: 1 + the entry whose service has had its step */
        size_t batch_at;               /* the first entry that no batch has taken */
        unsigned waiting;              /* entries from there on that are to be written */
        size_t waiting_bytes;          /* of the variables of these */
        unsigned batches;              /* that the volume has not answered */
        size_t writing;                /* entries in those batches */
        size_t writing_bytes;          /* of the variables of those entries */
        size_t open;                   /* entries whose outcome has not been told */
        size_t charged;                /* to registry.names_under_way */
        struct order_entry *due_first; /* entries that are told when the reader takes outcomes */
        struct order_entry *due_last;
        size_t count;
        struct order_entry entries[]; /* behind them come the names */
};

/* order_look.c: what the volume is asked before anything is recorded. NULL: nothing, or there is no memory
 * for it. */
struct survey *order_survey(const struct order *order);
/* Notes what the answer changes: in the registry, and in services whose profile's directory was gone. */
void order_take_survey(struct order *order, const struct survey *survey);

/*
 * Makes slots for those names that have none and whose profile the volume has: of a start, and of any order
 * while the slots of a boot still come. Waits, too, for slots that the broker makes just now. Not for an
 * order of all gateways. Returns false if nothing is looked for, or there is no memory; else the order is
 * woken when that is done.
 */
bool order_find_missing(struct order *order);

/* order_life.c: an order with an entry for each name of its request; NULL: out of memory. */
struct order *order_new(const struct order_request *request);
/* Takes the order off the registry's list and ends its waits; it is freed on a later turn of the loop. */
void order_close(struct order *order);

/* order_entry.c: records one entry in its slot; entry->fault says whether it was refused. False: a descriptor
 * or memory is lacking, and the entry is to be tried again in a moment. */
bool order_record_entry(struct order_entry *entry);

/* The entry's service, looked up anew; NULL: there is none. entry->fault says why the order is not to be
 * delivered, or no longer. */
struct service *order_look_again(struct order_entry *entry);

/* Sets the goal that the order means. Deaths that are ordered do not count against a gateway: s6's tally
 * begins anew. */
void order_set_goal(struct service *service, const struct order *order);

/*
 * order_repeat.c: is the gateway as ordered already, with nothing else under way, and was the same ordered
 * just now by the same side (root, or others)? Whoever says the same again and again has it done once.
 */
bool order_is_carried_out(const struct service *service, enum order_kind kind, bool root);

/* order_tell.c: tells the caller what became of an entry, now, or as soon as the reader takes it. The last
 * outcome ends an order that waits. */
void order_tell(struct order_entry *entry, struct service *service, const struct fault *fault);

/* Tells the end of an abandoned order that is about to be closed, so that its call is over, and the next one
 * begins. */
void order_tell_end(struct order *order);

/* Does the reader take another outcome now? True also if nobody reads any longer. */
bool order_is_heard(const struct order *order);

/* Queues an entry for order_tell_due(). Its fault says what became of it. */
void order_put_due(struct order_entry *entry);

/* Tells one outcome that is due. False: none is, or the reader takes none now. */
bool order_tell_due(struct order *order);

/* order_wait.c: steps of an order that waits, which return whether there is more to do; and its timer's
 * callback. */
bool order_wait_piece(struct order *order);
bool order_catch_up_piece(struct order *order);
bool order_expire_piece(struct order *order);
void order_expired(void *owner);

#endif
