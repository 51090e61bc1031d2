/* SPDX-License-Identifier: ISC */
#include "daemon/methods/search_path.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/edge/rights_audit.h"
#include "daemon/methods/findings.h"

static void look_at(const struct server *server, const char *path, struct findings *loose)
{
        for (const char *entry = path; entry;) {
                size_t length = strcspn(entry, ":");
                char directory[4096];
                char *culprit = NULL;

                snprintf(directory, sizeof(directory), "%.*s", (int)length, entry);
                if (*directory != '/')
                        findings_add(loose, *directory ? directory : ".", "not absolute");
                else if (rights_audit_outside(directory, server->hermes_home, &culprit) > 0)
                        findings_add(loose, directory, NULL);
                free(culprit);
                entry = entry[length] ? entry + length + 1 : NULL;
        }
}

void search_path_look(struct server *server)
{
        struct findings loose = {0};

        look_at(server, server->supervisor_path, &loose);
        look_at(server, server->exec_path, &loose);
        server->loose_path[0] = '\0';
        if (loose.count)
                findings_line(&loose, server->loose_path);
}
