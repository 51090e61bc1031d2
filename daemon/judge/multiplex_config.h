/* SPDX-License-Identifier: ISC */
#ifndef JUDGE_MULTIPLEX_CONFIG_H
#define JUDGE_MULTIPLEX_CONFIG_H

/*
 * Does the application's config.yaml say that the default gateway serves every profile (docs/contract.md,
 * Multiplexing)? The setting is multiplex_profiles at the top, or where there is none, in `gateway`. The file
 * is read as PyYAML's safe_load reads it: YAML 1.1, the last value of a name that comes twice counts, merges
 * are followed, several documents or an unknown tag are no configuration. Pure; aliases are never expanded,
 * so that no text costs more than its length. For any thread: it takes no lock of the C library's.
 */
enum multiplex_config {
        MULTIPLEX_CONFIG_UNSET,
        MULTIPLEX_CONFIG_OFF,
        MULTIPLEX_CONFIG_ON,
        MULTIPLEX_CONFIG_UNREADABLE, /* the application ignores the whole file then */
};

enum multiplex_config multiplex_config_read(const char *text);

#endif
