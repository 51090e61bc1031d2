/* SPDX-License-Identifier: ISC */
#include "daemon/judge/multiplex_config.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <yaml.h>

#include "daemon/bounds.h"

#define TAG "tag:yaml.org,2002:"
#define SETTING "multiplex_profiles"

static bool is_one_of(const char *word, const char *const *words)
{
        for (; *words; words++)
                if (strcasecmp(word, *words) == 0)
                        return true;
        return false;
}

/* Can the application make a value of this node? A single one that it cannot read spoils the whole file. */
static bool node_is_sound(yaml_document_t *document, const yaml_node_t *node)
{
        static const char *const tags[] = {TAG "null",   TAG "bool",      TAG "int",  TAG "float",
                                           TAG "binary", TAG "timestamp", TAG "omap", TAG "pairs",
                                           TAG "set",    TAG "str",       TAG "seq",  TAG "map",
                                           NULL};

        if (!is_one_of((const char *)node->tag, tags))
                return false;
        if (node->type != YAML_MAPPING_NODE)
                return true;
        for (const yaml_node_pair_t *pair = node->data.mapping.pairs.start;
             pair < node->data.mapping.pairs.top; pair++)
                if (yaml_document_get_node(document, pair->key)->type != YAML_SCALAR_NODE)
                        return false;
        return true;
}

static bool document_is_sound(yaml_document_t *document)
{
        for (const yaml_node_t *node = document->nodes.start; node < document->nodes.top; node++)
                if (!node_is_sound(document, node))
                        return false;
        return true;
}

static bool is_text(const yaml_node_t *node, const char *text)
{
        return node->type == YAML_SCALAR_NODE && strlen(text) == node->data.scalar.length &&
               memcmp(node->data.scalar.value, text, node->data.scalar.length) == 0;
}

static bool is_merge(const yaml_node_t *node)
{
        return is_text(node, "<<") && node->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
}

static const yaml_node_t *find(yaml_document_t *document, const yaml_node_t *mapping, const char *name,
                               unsigned *steps);

/* Looks for a name in what a mapping merges: a mapping, or a list of them, the first with that name. */
static const yaml_node_t *find_merged(yaml_document_t *document, const yaml_node_t *merged, const char *name,
                                      unsigned *steps)
{
        const yaml_node_t *found = NULL;

        if (merged->type == YAML_MAPPING_NODE)
                return find(document, merged, name, steps);
        if (merged->type != YAML_SEQUENCE_NODE)
                return NULL;
        /* Places of the list that are no mapping take a step, too, each time that the list is merged. */
        for (const yaml_node_item_t *item = merged->data.sequence.items.start;
             !found && *steps && item < merged->data.sequence.items.top; item++) {
                --*steps;
                found = find(document, yaml_document_get_node(document, *item), name, steps);
        }
        return found;
}

/* Looks for a name in a mapping and what it merges, which may be itself. *steps: how many more mappings, and
 * places of merged lists, may be looked at. */
static const yaml_node_t *find(yaml_document_t *document, const yaml_node_t *mapping, const char *name,
                               unsigned *steps)
{
        const yaml_node_t *own = NULL, *merged = NULL;

        if (mapping->type != YAML_MAPPING_NODE || !*steps)
                return NULL;
        --*steps;
        for (const yaml_node_pair_t *pair = mapping->data.mapping.pairs.start;
             pair < mapping->data.mapping.pairs.top; pair++) {
                const yaml_node_t *key = yaml_document_get_node(document, pair->key);
                const yaml_node_t *value = yaml_document_get_node(document, pair->value);

                if (is_text(key, name))
                        own = value;
                else if (is_merge(key))
                        merged = find_merged(document, value, name, steps) ?: merged;
        }
        return own ? own : merged;
}

/* Is the number 0, in any of a number's forms? */
static bool is_zero(const char *text)
{
        return strspn(text, "+-0_.:xXbBeEoO") == strlen(text);
}

static bool looks_like_number(const char *text)
{
        text += *text == '+' || *text == '-';
        if (strcasecmp(text, ".inf") == 0 || strcasecmp(text, ".nan") == 0)
                return true;
        if ((*text < '0' || *text > '9') && (*text != '.' || text[1] < '0' || text[1] > '9'))
                return false;
        if (text[0] == '0' && (text[1] == 'x' || text[1] == 'b'))
                return text[2] && strspn(text + 2, "0123456789abcdefABCDEF_") == strlen(text + 2);
        /* A date is as true as a number; digits and an exponent without a point are a string. */
        return strspn(text, "0123456789_:.-") == strlen(text) ||
               (strchr(text, '.') && strspn(text, "0123456789_.eE+-") == strlen(text));
}

/* Makes a switch of a string as the application does: blanks around it count for nothing. */
static enum multiplex_config string_truth(const char *text, size_t length)
{
        static const char *const truths[] = {"1", "true", "yes", "on", NULL};
        char word[8];

        while (length && strchr(" \t\r\n\v\f", *text)) {
                text++;
                length--;
        }
        while (length && strchr(" \t\r\n\v\f", text[length - 1]))
                length--;
        if (length >= sizeof(word))
                return MULTIPLEX_CONFIG_OFF;
        memcpy(word, text, length);
        word[length] = '\0';
        return is_one_of(word, truths) ? MULTIPLEX_CONFIG_ON : MULTIPLEX_CONFIG_OFF;
}

static enum multiplex_config scalar_truth(const yaml_node_t *node)
{
        static const char *const booleans[] = {"yes", "true", "on", "no", "false", "off", NULL};
        const char *text = (const char *)node->data.scalar.value,
                   *tag = (const char *)node->tag + strlen(TAG);
        bool plain = node->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;

        if (memchr(text, '\0', node->data.scalar.length))
                return MULTIPLEX_CONFIG_OFF; /* a string with a NUL in it is none of the words */
        if (strcmp(tag, "null") == 0)
                return MULTIPLEX_CONFIG_OFF;
        if (strcmp(tag, "bool") == 0)
                return is_one_of(text, booleans) ? string_truth(text, strlen(text))
                                                 : MULTIPLEX_CONFIG_UNREADABLE;
        if (strcmp(tag, "int") == 0 || strcmp(tag, "float") == 0)
                return !looks_like_number(text) ? MULTIPLEX_CONFIG_UNREADABLE
                       : is_zero(text)          ? MULTIPLEX_CONFIG_OFF
                                                : MULTIPLEX_CONFIG_ON;
        if (plain && looks_like_number(text))
                return is_zero(text) ? MULTIPLEX_CONFIG_OFF : MULTIPLEX_CONFIG_ON;
        return string_truth(text, node->data.scalar.length);
}

static enum multiplex_config truth(const yaml_node_t *node)
{
        switch (node->type) {
        case YAML_SCALAR_NODE:
                return scalar_truth(node);
        case YAML_SEQUENCE_NODE:
                return node->data.sequence.items.start < node->data.sequence.items.top ? MULTIPLEX_CONFIG_ON
                                                                                       : MULTIPLEX_CONFIG_OFF;
        case YAML_MAPPING_NODE:
                return node->data.mapping.pairs.start < node->data.mapping.pairs.top ? MULTIPLEX_CONFIG_ON
                                                                                     : MULTIPLEX_CONFIG_OFF;
        case YAML_NO_NODE:
                break;
        }
        return MULTIPLEX_CONFIG_UNREADABLE;
}

static bool is_nothing(const yaml_node_t *node)
{
        static const char *const nothing[] = {"", "~", "null", NULL};

        return node->type == YAML_SCALAR_NODE && node->data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
               is_one_of((const char *)node->data.scalar.value, nothing);
}

static enum multiplex_config document_says(yaml_document_t *document)
{
        const yaml_node_t *root = yaml_document_get_root_node(document), *value;
        unsigned steps = CONFIG_MERGES;

        if (!root || is_nothing(root))
                return MULTIPLEX_CONFIG_UNSET;
        if (root->type != YAML_MAPPING_NODE || !document_is_sound(document))
                return MULTIPLEX_CONFIG_UNREADABLE;
        value = find(document, root, SETTING, &steps);
        if (!value) {
                const yaml_node_t *section = find(document, root, "gateway", &steps);

                value = section ? find(document, section, SETTING, &steps) : NULL;
        }
        return !steps ? MULTIPLEX_CONFIG_UNREADABLE : value ? truth(value) : MULTIPLEX_CONFIG_UNSET;
}

/* Skips a line that is a comment, or looks like one within a string: its brackets open nothing. */
static const char *skip_comment(const char *text)
{
        const char *from = text + strspn(text, " \t");

        return *from == '#' ? from + strcspn(from, "\n") : text;
}

/* An anchor begins where a value does. */
static bool is_anchor(const char *begin, const char *text)
{
        return *text == '&' && !strchr(" \t\r\n&", text[1]) &&
               (text == begin || strchr(" \t\n[{,", text[-1]));
}

/* Is the text deeper, or has it more anchors, than anything that people write? The parser's time grows with
 * the square of either. */
static bool is_too_deep(const char *text)
{
        unsigned open = 0, most = 0, line = 0, anchors = 0;

        for (const char *begin = text; *text; text++) {
                if (text == begin || text[-1] == '\n')
                        text = skip_comment(text);
                if (!*text)
                        break;
                open += *text == '[' || *text == '{';
                open -= open && (*text == ']' || *text == '}');
                most = open > most ? open : most;
                anchors += is_anchor(begin, text);
                line = *text == '\n' ? 0
                                     : line + ((*text == '-' || *text == '?') && strchr(" \t\r\n", text[1]));
                most = line > most ? line : most;
        }
        return most > CONFIG_DEPTH || anchors > CONFIG_ANCHORS;
}

enum multiplex_config multiplex_config_read(const char *text)
{
        enum multiplex_config says = MULTIPLEX_CONFIG_UNREADABLE;
        yaml_document_t document;
        yaml_parser_t parser;

        if (is_too_deep(text) || !yaml_parser_initialize(&parser))
                return MULTIPLEX_CONFIG_UNREADABLE;
        yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
        yaml_parser_set_input_string(&parser, (const unsigned char *)text, strlen(text));
        if (yaml_parser_load(&parser, &document)) {
                bool empty = !yaml_document_get_root_node(&document);

                says = document_says(&document);
                yaml_document_delete(&document);
                /* There must be one document, and nothing behind it. */
                if (!empty && yaml_parser_load(&parser, &document)) {
                        if (yaml_document_get_root_node(&document))
                                says = MULTIPLEX_CONFIG_UNREADABLE;
                        yaml_document_delete(&document);
                } else if (!empty) {
                        says = MULTIPLEX_CONFIG_UNREADABLE;
                }
        }
        yaml_parser_delete(&parser);
        return says;
}
