/* SPDX-License-Identifier: ISC */
#include "client/top/help.h"

#include <stddef.h>
#include <string.h>

#include "client/text/wrap.h"

#define KEYS_COLUMNS 10 /* of the longest keys; two blanks follow */

static const struct {
        const char *keys, *text;
} rows[] = {
        {"arrows, j", "choose a service; Page Up, Page Down, b, Space, Home, End, g and G, too"},
        {"s", "start it"},
        {"t", "stop it, and it stays stopped"},
        {"r", "restart it"},
        {"k", "kill it with SIGKILL, after a question; here k does not move up"},
        {"l", "show its log as it grows, below the list, or hide it again; L shows it on the whole terminal"},
        {"w", "why it is as it is, and what to do"},
        {"h", "its history: what was ordered and what ended, as it happens"},
        {"/", "search for a name; n the next one, N the one before"},
        {"f", "show those in one state only, then in the next one; F shows all"},
        {"o", "sort by something else, which the top line tells"},
        {"Esc", "go back, as q does from a page, and the page's own key"},
        {"q, Ctrl-C", "quit; Ctrl-Z suspends, Ctrl-L draws everything anew"},
};

void help_write(FILE *file, const struct look *look)
{
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                fprintf(file, "%-*s  ", KEYS_COLUMNS, rows[i].keys);
                wrap_line(file, rows[i].text, KEYS_COLUMNS + 2, KEYS_COLUMNS + 2, look->columns);
        }
        fputs("\n", file);
        wrap_line(file,
                  "No order is waited for: what becomes of it is told in the last line, in svcctl's own "
                  "words. What is "
                  "pasted is no order.",
                  0, 0, look->columns);
}

const char *const *help_hints(void)
{
        static const char *const hints[] = {
                "s start  t stop  r restart  k kill  l log  w why  h history  / search  f filter  o sort  ? "
                "keys  "
                "q quits",
                "s start  t stop  r restart  k kill  l log  w why  h history  ? keys  q quits",
                "s start  t stop  r restart  k kill  l log  ? keys  q quits",
                "s start  t stop  ? keys  q quits",
                "? keys  q quits",
                "q quits",
                NULL,
        };

        return hints;
}

const char *const *help_page_hints(void)
{
        static const char *const hints[] = {
                "arrows scroll  l log  w why  h history  ? keys  q back",
                "arrows scroll  q back",
                "q back",
                NULL,
        };

        return hints;
}
