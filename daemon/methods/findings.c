/* SPDX-License-Identifier: ISC */
#include "daemon/methods/findings.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* Whether the text lists that name already: a listed name ends at a comma, or at the blank before a note. */
static bool is_listed(const struct findings *findings, const char *name)
{
        size_t length = strlen(name);

        for (const char *at = findings->text; (at = strstr(at, name)); at++) {
                bool begins =
                        at == findings->text || (at > findings->text + 1 && strncmp(at - 2, ", ", 2) == 0);

                if (begins && (at[length] == '\0' || strncmp(at + length, ", ", 2) == 0 ||
                               strncmp(at + length, " (", 2) == 0))
                        return true;
        }
        return false;
}

void findings_add(struct findings *findings, const char *name, const char *note)
{
        size_t room = sizeof(findings->text) - findings->length;
        int written;

        if (*name && is_listed(findings, name))
                return;
        findings->count++;
        if (findings->listed == FINDINGS_LISTED_MOST)
                return;
        written =
                snprintf(findings->text + findings->length, room, "%s%s%s%s%s", findings->length ? ", " : "",
                         name, note ? " (" : "", note ? note : "", note ? ")" : "");
        if (written < 0 || (size_t)written >= room) {
                findings->text[findings->length] = '\0';
                return;
        }
        findings->length += (size_t)written;
        findings->listed++;
}

const char *findings_line(const struct findings *findings, char buffer[FINDINGS_LINE_BYTES])
{
        unsigned more = findings->count - findings->listed;

        if (!findings->listed)
                snprintf(buffer, FINDINGS_LINE_BYTES, "%u with names too long to tell", more);
        else if (more)
                snprintf(buffer, FINDINGS_LINE_BYTES, "%s and %u more", findings->text, more);
        else
                snprintf(buffer, FINDINGS_LINE_BYTES, "%s", findings->text);
        return buffer;
}
