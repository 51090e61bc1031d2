/* SPDX-License-Identifier: ISC */
#ifndef CLIENT_TEXT_EXPRESSION_H
#define CLIENT_TEXT_EXPRESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A regular expression as a graph of nodes, each of which takes a byte, or none, on the way to the next.
 * Pure. */

#define EXPRESSION_NODES_MAX 1024

enum node_kind {
        NODE_FORK,  /* takes nothing, and leads to next and other */
        NODE_BYTES, /* takes one byte of a set */
        NODE_BEGIN, /* is passed at the beginning of the text */
        NODE_END,   /* is passed at the end of the text */
        NODE_MATCH,
};

#define NODE_NONE UINT16_MAX

struct node {
        enum node_kind kind;
        uint16_t next, other; /* NODE_NONE: none */
        uint64_t bytes[4];    /* the set of NODE_BYTES, a bit for each byte */
};

struct expression {
        struct node nodes[EXPRESSION_NODES_MAX];
        size_t count;
        uint16_t first;
        bool loose; /* has characters beyond ASCII, for which it takes any run of such bytes */
};

/* Parses a regular expression. Returns false if it needs more than EXPRESSION_NODES_MAX nodes, or has
 * something in it that C libraries do not all read in the same way. */
bool expression_parse(const char *text, struct expression *expression);

/* Whether a byte is in the set of a NODE_BYTES. */
bool expression_node_takes(const struct node *node, unsigned char byte);

#endif
