/* SPDX-License-Identifier: ISC */
#ifndef PROTO_LIMITS_H
#define PROTO_LIMITS_H

/*
 * Every bound of the protocol and of the daemon that serves it, with its unit.
 * No peer can make the daemon hold more than these allow, whatever it sends; daemon/bounds.h adds them up.
 */

/* One message, as bytes on the wire without the NUL that ends it. */
#define LIMIT_REQUEST_BYTES (64 * 1024)     /* a request; over it LimitExceeded, and the connection ends */
#define LIMIT_REPLY_BYTES (4 * 1024 * 1024) /* a reply, as far as a client accepts one */
#define LIMIT_JSON_DEPTH 8                  /* objects and arrays inside each other, the message included */
#define LIMIT_JSON_VALUES 2048              /* members and elements of a request, all together */
#define LIMIT_STRING_BYTES 4096             /* one string of a request, decoded, key or value */
#define LIMIT_REPLY_JSON_DEPTH 32           /* depth of a reply that a client accepts */
#define LIMIT_REPLY_STRING_BYTES (1024 * 1024) /* one string of such a reply: an interface's text is one */

/* Names. */
#define LIMIT_SERVICE_NAME_BYTES 251 /* what s6-svscan supervises (name_max) */
#define LIMIT_PROFILE_NAME_BYTES 243 /* a service's name less "gateway-" */
#define LIMIT_NAMES_PER_CALL 1000    /* names of one order, Watch or History; `all` may be more */

/* A profile's environment. */
#define LIMIT_ENVIRONMENT_VARIABLES 64                  /* of one profile */
#define LIMIT_ENVIRONMENT_BYTES (32 * 1024)             /* all names and values together */
#define LIMIT_ENVIRONMENT_NAME_BYTES 64                 /* the name of one variable */
#define LIMIT_ENVIRONMENT_TOTAL_BYTES (4 * 1024 * 1024) /* of all profiles: names, values, and their shares */
#define LIMIT_ENVIRONMENT_VARIABLE_BYTES 256 /* a variable's share there, beside its name and value */

/* Connections. */
#define LIMIT_CONNECTIONS 128            /* in all */
#define LIMIT_CONNECTIONS_UID 48         /* of one uid other than root's */
#define LIMIT_CONNECTIONS_DENIED 8       /* of peers with no access at all, waiting for their refusal */
#define LIMIT_CONNECTIONS_ROOT 8         /* of LIMIT_CONNECTIONS, kept free for root */
#define LIMIT_FRAME_MSEC 5000            /* for a whole request, from its first byte */
#define LIMIT_IDLE_MSEC 60000            /* without a request; waits and Watch are not idle */
#define LIMIT_PIPELINED_CALLS 16         /* complete requests held behind the one that runs */
#define LIMIT_OUTPUT_BYTES (1024 * 1024) /* unsent replies of one connection, which ends over it */
#define LIMIT_OUTPUT_STALL_MSEC 30000    /* without progress while replies wait to be read; then it ends */
#define LIMIT_MEMORY_BYTES (5 * 1024 * 1024)      /* buffers of all connections but root's together */
#define LIMIT_MEMORY_UID_BYTES (4 * 1024 * 1024)  /* buffers of one uid's connections, of those */
#define LIMIT_MEMORY_ROOT_BYTES (3 * 1024 * 1024) /* buffers of root's, which nobody else can take */

/* What waits for the volume, or was read from it. */
#define LIMIT_SURVEY_BYTES (4 * 1024 * 1024) /* variables that one look at all profiles may find */

/* What a uid other than root's may ask for. */
#define LIMIT_WATCHES_UID 16        /* Watches, and followed Histories, under way */
#define LIMIT_CHANGES_PER_SECOND 20 /* changes (a batch is one), refill of the bucket */
#define LIMIT_CHANGES_BURST 60      /* size of the bucket */
#define LIMIT_NAMES_PER_SECOND 100  /* names of changes that need something done, refill of a second bucket */
#define LIMIT_NAMES_BURST 2000      /* size of the second bucket: all stopped and started again at once */
#define LIMIT_WAIT_MSEC 600000      /* longest timeout_msec of a wait */
#define LIMIT_KILL_AFTER_MSEC 600000 /* longest kill_after_msec of Stop and Restart */
#define LIMIT_REMOVED_EVENTS 512     /* removals kept for slow readers of Watch; older readers are closed */

/* Defaults of timeout_msec. */
#define DEFAULT_WAIT_MSEC 30000       /* Start, Stop, Restart */
#define DEFAULT_UNREGISTER_MSEC 20000 /* Unregister */

#endif
