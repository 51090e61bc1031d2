/* SPDX-License-Identifier: ISC */
#ifndef PROTO_CALL_H
#define PROTO_CALL_H

#include <stdbool.h>
#include <stddef.h>

#include "proto/fields.h"
#include "proto/json.h"
#include "proto/plain.h"
#include "proto/text.h"

/* The longest call that is read without a tree, without its NUL: room for a method and one name of the
 * greatest length. */
#define CALL_PLAIN_BYTES 511

/*
 * One Varlink call, https://varlink.org/Method-Call
 *
 * A short call that is written plainly (json_plain), without an object or an array among its parameters, is
 * read into values, which cost no memory. The parameters of any other call are in a tree. call_fields() reads
 * both.
 */
struct call {
        const char *method;             /* fully qualified; owned by the call */
        struct json_object *parameters; /* an object; NULL: there are none, or they are in `values` */
        struct plain_values values;
        bool more;
        bool oneway;
        bool upgrade;
        struct json_object *message;        /* the tree, or NULL */
        char strings[CALL_PLAIN_BYTES + 1]; /* without a tree: what method and values point into */
};

enum call_result {
        CALL_OK = 0,
        CALL_INVALID, /* not strict JSON, not an object, or an unknown, missing or ill-typed member */
        CALL_LIMIT,   /* a limit of limits.h is exceeded: limit and limit_value say which */
        CALL_MEMORY,  /* out of memory */
};

struct call_problem {
        struct json_problem json; /* reason and offset (0 where no byte can be named) */
        const char *limit;        /* CALL_LIMIT: json_depth, json_values or string_bytes */
        size_t limit_value;
};

/*
 * Parses one message, which has a NUL behind it. On CALL_OK the caller owns *call, must not copy or move it,
 * and ends it with call_deinit(); otherwise *call is untouched and *problem set. A null parameters, more,
 * oneway or upgrade counts as absent; method may not be null.
 */
enum call_result call_parse(const char *message, size_t length, struct call *call,
                            struct call_problem *problem);
void call_deinit(struct call *call);

/* Does the same, always with a tree: tests compare call_parse() with it. */
enum call_result call_parse_tree(const char *message, size_t length, struct call *call,
                                 struct call_problem *problem);

/* Reads the parameters as fields_read() does. The strings stay owned by the call. */
const char *call_fields(const struct call *call, const struct field *fields, void *target);

/* Sets *list to the list `name` among the parameters, or to NULL if it is absent or null. False: the
 * parameter is no list. */
bool call_list(const struct call *call, const char *name, struct json_object **list);

/* Appends a request, its NUL byte included. parameters: JSON text of an object, or NULL. */
void call_write(struct text *text, const char *method, const char *parameters, bool more, bool oneway);

/* Appends a reply, its NUL byte included. parameters: JSON text of an object. */
void reply_write(struct text *text, const char *parameters, size_t length, bool continues);

/* The same in two steps: the caller appends the parameters in between. */
void reply_write_begin(struct text *text);
void reply_write_end(struct text *text, bool continues);

/* Appends an error reply, its NUL byte included. error: fully qualified. parameters: JSON text of an object,
 * or NULL for {}. */
void reply_write_error(struct text *text, const char *error, const char *parameters);

/* One reply, as a client reads it. */
struct reply {
        const char *error;              /* fully qualified, NULL for success; owned by `message` */
        struct json_object *parameters; /* an object or NULL; owned by `message` */
        bool continues;
        struct json_object *message;
};

/* Like call_parse(), with the bounds of a reply and always with a tree; any of its members may be null or
 * absent. On CALL_OK the caller ends *reply with reply_deinit(). */
enum call_result reply_parse(const char *message, size_t length, struct reply *reply,
                             struct call_problem *problem);
void reply_deinit(struct reply *reply);

#endif
