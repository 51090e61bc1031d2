/* SPDX-License-Identifier: ISC */
#ifndef CLIENT_TEXT_EXPRESSION_H
#define CLIENT_TEXT_EXPRESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* An expression as a graph of nodes, each of which takes a byte, or none, on the way to the next. Pure. */

#define EXPRESSION_NODES_MAX 1024

enum node_kind {
        NODE_FORK,  /* takes nothing, and leads to both */
        NODE_BYTES, /* takes one byte of a set */
        NODE_BEGIN, /* is passed at the begin of the text */
        NODE_END,   /* is passed at its end */
        NODE_MATCH,
};

#define NODE_NONE UINT16_MAX

struct node {
        enum node_kind kind;
        uint16_t next, other; /* NODE_NONE: none */
        uint64_t bytes[4];    /* the set */
};

struct expression {
        struct node nodes[EXPRESSION_NODES_MAX];
        size_t count;
        uint16_t first;
        bool loose; /* it says something of characters beyond ASCII, which are any run of such bytes here */
};

/* false: it is larger, or has something in it that not every C library means in the same way. */
bool expression_parse(const char *text, struct expression *expression);

bool expression_node_takes(const struct node *node, unsigned char byte);

#endif
