/* SPDX-License-Identifier: ISC */
#ifndef PROTO_CALL_H
#define PROTO_CALL_H

#include <stdbool.h>
#include <stddef.h>

#include "proto/fields.h"
#include "proto/json.h"
#include "proto/plain.h"
#include "proto/text.h"

/* Of a call that needs no tree, without its NUL: a method, and a name in it as long as may be. */
#define CALL_PLAIN_BYTES 511

/*
 * One Varlink call, https://varlink.org/Method-Call
 *
 * Its parameters are in a tree, where one of them is an object or an array, or anything of the call is not written plainly
 * (json_plain); else they are values, which cost no memory: call_fields() reads both.
 */
struct call {
        const char *method;             /* fully qualified; owned by the call */
        struct json_object *parameters; /* an object, or NULL: there are none, or they are: */
        struct plain_values values;
        bool more;
        bool oneway;
        bool upgrade;
        struct json_object *message;        /* NULL: there is no tree */
        char strings[CALL_PLAIN_BYTES + 1]; /* of which the values are */
};

enum call_result {
        CALL_OK = 0,
        CALL_INVALID, /* not strict JSON, not an object, an unknown, missing or ill-typed member */
        CALL_LIMIT, /* deeper or with longer strings than limits.h allows; limit and limit_value say which */
        CALL_MEMORY,
};

struct call_problem {
        struct json_problem json; /* reason and offset (0 where no byte can be named) */
        const char *limit;        /* CALL_LIMIT: json_depth or string_bytes */
        size_t limit_value;
};

/*
 * Parses one message (NUL behind it). On CALL_OK the caller owns *call and ends it with call_deinit();
 * otherwise *call is untouched and *problem set. A null parameters, more, oneway or upgrade is an absent one;
 * method may not be null.
 */
enum call_result call_parse(const char *message, size_t length, struct call *call,
                            struct call_problem *problem);
void call_deinit(struct call *call);

/* The same, always with a tree: what call_parse() is held against. */
enum call_result call_parse_tree(const char *message, size_t length, struct call *call,
                                 struct call_problem *problem);

/* The parameters, as fields_read() has them; their strings are the call's. */
const char *call_fields(const struct call *call, const struct field *fields, void *target);

/* The list `name` among the parameters; NULL: it is not there, or null. False: it is no list. */
bool call_list(const struct call *call, const char *name, struct json_object **list);

/* Appends a request, its NUL byte included. parameters: JSON text of an object, or NULL. */
void call_write(struct text *text, const char *method, const char *parameters, bool more, bool oneway);

/* Appends a reply, its NUL byte included. parameters: JSON text of an object. */
void reply_write(struct text *text, const char *parameters, size_t length, bool continues);

/* The same in two: the parameters are appended in between. */
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

/* Like call_parse(), with the bounds of a reply; any of its members may be null. */
enum call_result reply_parse(const char *message, size_t length, struct reply *reply,
                             struct call_problem *problem);
void reply_deinit(struct reply *reply);

#endif
