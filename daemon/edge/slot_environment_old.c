/* SPDX-License-Identifier: ISC */
#include "daemon/edge/slot_environment_old.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <json-c/json.h>

#include "daemon/edge/rights.h"
#include "daemon/edge/slot_environment.h"
#include "daemon/edge/tree.h"
#include "proto/limits.h"
#include "proto/name.h"

#define MODE_DIRECTORY 0750
#define MODE_FILE 0640
/* A name with a dot cannot be a variable's, and s6-envdir passes over it. */
#define EMPTY_LIST ".empty"

/* Adds the name to the list of those with an empty value, which has room for all. */
static void list_append(char *list, size_t *length, const char *name)
{
        char *end = stpcpy(list + *length, name);

        *end++ = '\n';
        *length = (size_t)(end - list);
}

static int write_variables(int fd, struct json_object *environment)
{
        const char *names[LIMIT_ENVIRONMENT_VARIABLES];
        char list[LIMIT_ENVIRONMENT_VARIABLES * (LIMIT_ENVIRONMENT_NAME_BYTES + 1)];
        size_t list_length = 0, count = 0;
        int result = environment_names(environment, names, &count);

        for (size_t i = 0; result == 0 && i < count; i++) {
                struct json_object *value = json_object_object_get(environment, names[i]);
                size_t length = (size_t)json_object_get_string_len(value);

                if (length == 0)
                        list_append(list, &list_length, names[i]);
                result = tree_write(fd, names[i], json_object_get_string(value), length, MODE_FILE);
        }
        return result < 0 ? result : tree_write(fd, EMPTY_LIST, list, list_length, MODE_FILE);
}

int environment_old_make(int at, const char *name, struct json_object *environment, gid_t gid)
{
        bool grouped = rights_group_begin(gid);
        int result = tree_make(at, name, MODE_DIRECTORY);

        if (result == 0) {
                int fd = tree_open(at, name);

                result = fd < 0 ? fd : write_variables(fd, environment);
                if (fd >= 0)
                        close(fd);
                if (result < 0)
                        tree_remove(at, name);
        }
        if (grouped)
                rights_group_end();
        return result;
}

static bool same_rights(const struct stat *one, const struct stat *other)
{
        return one->st_mode == other->st_mode && one->st_uid == other->st_uid && one->st_gid == other->st_gid;
}

static int count_entries(DIR *directory, size_t *count)
{
        size_t counted = 0;

        rewinddir(directory);
        for (;;) {
                errno = 0;
                if (!readdir(directory))
                        break;
                counted++;
        }
        if (errno != 0)
                return -errno;
        *count = counted;
        return 0;
}

/* Compares one file; a name that `other` lacks, or that is no readable file there, makes it unlike. */
static int compare_file(int one, int other, const char *name, bool *content, bool *whole)
{
        struct stat found[2];
        char *bytes[2] = {NULL, NULL};
        size_t length[2] = {0, 0};
        int result = tree_read(one, name, LIMIT_ENVIRONMENT_BYTES, &bytes[0], &length[0]);

        if (!bytes[0])
                return result;
        result = tree_read(other, name, LIMIT_ENVIRONMENT_BYTES, &bytes[1], &length[1]);
        if (!bytes[1] || length[0] != length[1] || memcmp(bytes[0], bytes[1], length[0]) != 0)
                *content = false;
        free(bytes[0]);
        free(bytes[1]);
        if (!*content || fstatat(one, name, &found[0], AT_SYMLINK_NOFOLLOW) < 0 ||
            fstatat(other, name, &found[1], AT_SYMLINK_NOFOLLOW) < 0 || !same_rights(&found[0], &found[1]))
                *whole = false;
        return result == -ENOMEM ? result : 0;
}

/* Compares two directories, as environment_old_compare() says. */
static int compare_directories(DIR *one, DIR *other, bool *content, bool *whole)
{
        struct stat found[2];
        size_t count[2] = {0, 0};
        int result = count_entries(one, &count[0]);
        bool same_content;
        bool same_whole;

        if (result == 0)
                result = count_entries(other, &count[1]);
        if (result < 0)
                return result;
        same_content = count[0] == count[1];
        same_whole = same_content && fstat(dirfd(one), &found[0]) == 0 &&
                     fstat(dirfd(other), &found[1]) == 0 && same_rights(&found[0], &found[1]);

        rewinddir(one);
        while (same_content) {
                const struct dirent *entry;

                errno = 0;
                entry = readdir(one);
                if (!entry) {
                        if (errno != 0)
                                return -errno;
                        break;
                }
                if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
                        continue;
                result = compare_file(dirfd(one), dirfd(other), entry->d_name, &same_content, &same_whole);
                if (result < 0)
                        return result;
        }
        *content = same_content;
        *whole = same_content && same_whole;
        return 0;
}

static int open_stream(int at, const char *name, DIR **stream)
{
        int fd = tree_open(at, name);
        DIR *opened;

        if (fd < 0)
                return fd;
        opened = fdopendir(fd);
        if (!opened) {
                int result = -errno;

                close(fd);
                return result;
        }
        *stream = opened;
        return 0;
}

int environment_old_compare(int at, const char *one, const char *other, bool *content, bool *whole)
{
        DIR *first = NULL, *second = NULL;
        int result = open_stream(at, one, &first);

        if (first)
                result = open_stream(at, other, &second);
        if (first && second)
                result = compare_directories(first, second, content, whole);
        if (result == -ENOENT) {
                *content = *whole = false;
                result = 0;
        }
        if (first)
                closedir(first);
        if (second)
                closedir(second);
        return result;
}

/* Adds the variable of a file, unless its value is empty: such variables are added from the list instead. */
static int add_file(struct json_object *environment, const char *name, char *bytes, size_t length)
{
        char *rest;

        if (strcmp(name, EMPTY_LIST) != 0)
                return environment_is_name(name) && length > 0
                               ? environment_add(environment, name, bytes, length)
                               : 0;
        rest = bytes;
        for (char *line; (line = strsep(&rest, "\n"));) {
                int result = environment_is_name(line) ? environment_add(environment, line, "", 0) : 0;

                if (result < 0)
                        return result;
        }
        return 0;
}

static int read_variables(DIR *directory, struct json_object *environment)
{
        int result = 0;

        while (result == 0) {
                char *bytes = NULL;
                size_t length = 0;
                const struct dirent *entry;

                errno = 0;
                entry = readdir(directory);
                if (!entry)
                        return -errno;
                if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
                        continue;
                result = tree_read(dirfd(directory), entry->d_name, LIMIT_ENVIRONMENT_BYTES, &bytes, &length);
                if (bytes)
                        result = add_file(environment, entry->d_name, bytes, length);
                free(bytes);
        }
        return result;
}

int environment_old_read(int at, const char *name, struct json_object **environment)
{
        DIR *directory = NULL;
        struct json_object *read = json_object_new_object();
        int result = read ? open_stream(at, name, &directory) : -ENOMEM;

        if (directory) {
                result = read_variables(directory, read);
                closedir(directory);
        }
        if (result < 0)
                json_object_put(read);
        else
                *environment = read;
        return result;
}
