/* SPDX-License-Identifier: ISC */
#ifndef PROTO_FIELDS_H
#define PROTO_FIELDS_H

#include <stdbool.h>
#include <stddef.h>

struct json_object;
struct plain_values;

/*
 * Reads the parameters of a call into a struct, as a table of fields says. A parameter that is unknown,
 * missing or of another type fails; JSON null stands for absent. Strings, lists and maps stay owned by the
 * parameters.
 */
enum field_type {
        FIELD_STRING,      /* const char * */
        FIELD_BOOL,        /* enum field_bool */
        FIELD_INT,         /* struct field_int */
        FIELD_STRING_LIST, /* struct json_object *, an array of strings only */
        FIELD_STRING_MAP,  /* struct json_object *, an object with string values only */
        FIELD_CHOICE,      /* int: index into choices, -1 when absent */
};

enum field_bool { FIELD_ABSENT = 0, FIELD_FALSE, FIELD_TRUE };

struct field_int {
        bool present;
        long long value;
};

struct field {
        const char *name;
        enum field_type type;
        bool required;
        size_t offset;              /* offsetof() in the struct that is filled */
        const char *const *choices; /* FIELD_CHOICE: NULL-terminated */
};

/*
 * fields ends with a NULL name. parameters NULL is an empty object. Every member of *target that a field
 * names is set, also when absent (NULL, FIELD_ABSENT, present false, -1). Returns NULL, or the name of the
 * parameter that is wrong (owned by fields or parameters), *target then being half filled.
 */
const char *fields_read(struct json_object *parameters, const struct field *fields, void *target);

/* The same for parameters that are not in a tree. */
const char *fields_read_plain(const struct plain_values *values, const struct field *fields, void *target);

/* Like fields_read(), but members that no field names are passed over. */
const char *fields_take(struct json_object *parameters, const struct field *fields, void *target);

#endif
