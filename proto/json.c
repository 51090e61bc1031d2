/* SPDX-License-Identifier: ISC */
#include "proto/json.h"

#include <limits.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "proto/json_pairs.h"
#include "proto/json_scan.h"

static enum json_result json_fail(enum json_result result, const char *reason, struct json_problem *problem)
{
        *problem = (struct json_problem){.reason = reason};
        return result;
}

/* Adds up what a tree holds. False: a number in it is infinite, as it does not fit a double. Recurses as deep
 * as the scanner let the text nest. */
static bool json_tally_tree(struct json_object *value, struct json_tally *tally)
{
        switch (json_object_get_type(value)) {
        case json_type_object: {
                json_object_object_foreach(value, name, member)
                {
                        tally->members++;
                        tally->string_bytes += strlen(name);
                        if (!json_tally_tree(member, tally))
                                return false;
                }
                return true;
        }
        case json_type_array:
                for (size_t i = 0; i < json_object_array_length(value); i++) {
                        tally->elements++;
                        if (!json_tally_tree(json_object_array_get_idx(value, i), tally))
                                return false;
                }
                return true;
        case json_type_string:
                tally->string_bytes += (size_t)json_object_get_string_len(value);
                return true;
        case json_type_double:
                return isfinite(json_object_get_double(value));
        case json_type_null:
        case json_type_boolean:
        case json_type_int:
                break;
        }
        return true;
}

/*
 * Compares the tree with what was written. json-c keeps one member of each name, so fewer members than were
 * written means a duplicate, however the names were escaped. Anything else that is missing was lost
 * where memory was short.
 */
static enum json_result json_compare(struct json_object *tree, const struct json_tally *written,
                                     struct json_problem *problem)
{
        struct json_tally kept = {0};

        if (!json_tally_tree(tree, &kept))
                return json_fail(JSON_NUMBER, "a number that does not fit a double", problem);
        if (kept.members != written->members)
                return json_fail(JSON_DUPLICATE, "two members of one name", problem);
        if (kept.elements != written->elements || kept.string_bytes != written->string_bytes)
                return json_fail(JSON_MEMORY, "out of memory", problem);
        return JSON_OK;
}

/*
 * Whether json-c stopped because of what it read. If memory is short, it stops with an error of its own
 * (whose number is not the same in 0.17 and 0.18, but above all of these), or, in 0.16, calls what it has by
 * then a success, or a text that ended too early.
 */
static bool json_is_refusal(enum json_tokener_error error)
{
        return error >= json_tokener_error_depth && error <= json_tokener_error_parse_utf8_string &&
               error != json_tokener_error_parse_eof;
}

/*
 * Makes a tree of `text`. The text has passed the scanner, so json-c should stop short of its end only if
 * memory is short. json-c's strict mode would add nothing, and in 0.18 refuses every byte outside ASCII,
 * which it takes for a control character.
 */
static enum json_result json_build(const char *text, size_t length, size_t depth, struct json_object **tree,
                                   struct json_problem *problem)
{
        /* json-c counts the innermost value as a level, and one more. The scanner has checked the bound
         * itself. */
        struct json_tokener *tokener =
                json_tokener_new_ex((int)(depth < JSON_DEPTH_MAX ? depth : JSON_DEPTH_MAX) + 2);
        struct json_object *built;
        enum json_tokener_error error;
        size_t end;

        if (!tokener)
                return json_fail(JSON_MEMORY, "out of memory", problem);
        /* The NUL byte is passed as well: without it, json-c would wait for another digit of a number at the
         * end. */
        built = json_tokener_parse_ex(tokener, text, (int)length + 1);
        error = json_tokener_get_error(tokener);
        end = json_tokener_get_parse_end(tokener);
        json_tokener_free(tokener);
        if (error != json_tokener_success || end < length) {
                json_object_put(built);
                if (!json_is_refusal(error))
                        return json_fail(JSON_MEMORY, "out of memory", problem);
                *problem = (struct json_problem){.reason = "json-c cannot read it", .offset = end};
                return JSON_SYNTAX;
        }
        *tree = built;
        return JSON_OK;
}

/* Makes a tree of `text` without its surrogate pairs, which not every json-c reads right. */
static enum json_result json_build_plain(const char *text, size_t length, size_t depth,
                                         struct json_object **tree, struct json_problem *problem)
{
        enum json_result result;
        char *plain = json_pairs_resolve(text, &length);

        if (!plain)
                return json_fail(JSON_MEMORY, "out of memory", problem);
        result = json_build(plain, length, depth, tree, problem);
        free(plain);
        return result;
}

enum json_result json_strict_parse(const char *text, size_t length, struct json_bounds bounds,
                                   struct json_object **value, struct json_problem *problem)
{
        struct json_problem unwanted;
        struct json_tally written;
        struct json_object *tree;
        enum json_result result;

        if (!problem)
                problem = &unwanted;
        if (length >= INT_MAX)
                return json_fail(JSON_SYNTAX, "longer than any text may be", problem);
        result = json_scan(text, length, bounds, &written, NULL, problem);
        if (result != JSON_OK)
                return result;
        result = (written.pairs ? json_build_plain : json_build)(text, length, bounds.depth, &tree, problem);
        if (result != JSON_OK)
                return result;
        result = json_compare(tree, &written, problem);
        if (result != JSON_OK) {
                json_object_put(tree);
                return result;
        }
        *value = tree;
        return JSON_OK;
}
