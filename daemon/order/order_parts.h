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
        ORDER_LOOKING,    /* the volume is asked: may it run, is there such a profile */
        ORDER_RECORDING,  /* each slot's record, and batches of them for the volume */
        ORDER_WRITING,    /* the volume has not answered for all of them */
        ORDER_TELLING,    /* the outcomes; of an order that waits, what was refused */
        ORDER_DELIVERING, /* to s6 */
        ORDER_WAITING, /* for the goals, and for the reader of the outcomes: it may be closed at any time */
        ORDER_CATCHING_UP, /* the time is over: each entry that still waits is looked at, */
        ORDER_EXPIRING,    /* and told, when what was seen has been judged */
        ORDER_OVER,        /* it is freed with its next step */
};

/* Who hears what becomes of it. */
enum order_reader {
        READER_LISTENS,
        READER_LATE, /* it had its time to take outcomes: what it does not take is due, and delivered meanwhile */
        READER_GONE, /* nobody */
};

/* What is done for an entry. */
enum order_work {
        WORK_NONE,     /* it was refused, or is so already */
        WORK_RECORDED, /* in its slot: it is to be delivered */
        WORK_WRITTEN,  /* and its record is in a batch for the volume, or will be */
};

struct order_entry {
        struct wait wait;
        struct order *order;
        const char *name;
        struct order_entry *due_next;
        struct fault fault; /* why not accepted, or why it did not come about */
        enum order_work work;
        bool want_up;
        bool told; /* what became of it, or will be: it is due */
        bool persisted;
        const char *persist_problem;
};

struct order {
        struct ready ready;
        struct waiter waiter;
        struct order *next;
        struct registry *registry;
        struct ticket ticket;
        uint64_t number; /* they are counted as they come */
        enum order_kind kind;
        enum order_phase phase;
        struct event_by by;
        bool root;
        bool wait;
        bool all; /* every gateway: more names than anybody may list, and each has a slot */
        enum order_reader reader;
        int64_t timeout_msec;
        unsigned kill_after_msec;
        unsigned signal; /* ORDER_SIGNAL: its row */
        int64_t began_msec;
        int64_t short_msec; /* by clock_msec(): since when it lacks descriptors to record; 0: it does not */
        struct timer timer;
        size_t at;                     /* the entry that is next in this phase */
        size_t behind;                 /* ORDER_EXPIRING: up to this entry it has waited behind the service */
        size_t batch_at;               /* the first one that no batch has seen */
        unsigned waiting;              /* entries behind that, to be written */
        size_t waiting_bytes;          /* of their variables */
        unsigned batches;              /* that the volume has not answered, */
        size_t writing;                /* entries of these, */
        size_t writing_bytes;          /* and of their variables */
        size_t open;                   /* entries not told of */
        size_t charged;                /* of registry.names_under_way */
        struct order_entry *due_first; /* that can be told of when the reader takes them */
        struct order_entry *due_last;
        size_t count;
        struct order_entry entries[]; /* and behind them the names */
};

/* order_look.c: what the volume is asked first; NULL: nothing, or there is no memory for it. And what its answer changes. */
struct survey *order_survey(const struct order *order);
void order_take_survey(struct order *order, const struct survey *survey);

/* A start of what has no slot: there may be such a profile, and then it gets one. False: nothing is looked for, or there is
 * no memory. Else the order is woken when that is done. */
bool order_find_missing(struct order *order);

/* order_write.c: batches for the volume. An entry was recorded in its slot. */
void order_note_waiting(struct order *order, const struct order_entry *entry);

/* What waits is a batch; and that is given to the volume. answered: on a later turn, when that has. */
bool order_is_to_write(const struct order *order);
void order_write(struct order *order, void (*answered)(struct order *order));

/* The volume has as much of it as it takes at once. */
bool order_is_ahead(const struct order *order);

/* order_entry.c: one entry, in the slot. False: it lacks a descriptor, and is to be tried again in a moment. */
bool order_record_entry(struct order_entry *entry);

/* Its service, as it is now. The entry's fault says why it is not to be delivered (any more). */
struct service *order_look_again(struct order_entry *entry);

/* Deaths that are ordered do not count against the service: s6's tally begins anew. */
void order_set_goal(struct service *service, const struct order *order);

/* order_repeat.c */
/*
 * It is so already, nothing else is under way, and it was ordered by the same one just now: whoever says the
 * same again and again has it done once.
 */
bool order_is_carried_out(const struct service *service, enum order_kind kind, bool root);

/* order_tell.c */
/* What became of an entry, to whoever asked: now, or as soon as the reader takes it. The last one ends an order that
 * waits. */
void order_tell(struct order_entry *entry, struct service *service, const struct fault *fault);

/* The end of an abandoned order that is about to be closed, so that its call is over, and the next one begins. */
void order_tell_end(struct order *order);

/* The reader takes another outcome now. */
bool order_is_heard(const struct order *order);

/* It is told when its turn comes: order_tell_due(). Its fault says what became of it. */
void order_put_due(struct order_entry *entry);

/* One outcome that is due. False: none is, or the reader takes none now. */
bool order_tell_due(struct order *order);

/* order_wait.c: steps of an order that waits, and its timer. */
bool order_wait_piece(struct order *order);
bool order_catch_up_piece(struct order *order);
bool order_expire_piece(struct order *order);
void order_expired(void *owner);

#endif
