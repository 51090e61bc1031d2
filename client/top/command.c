/* SPDX-License-Identifier: ISC */
#include "client/top/command.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "client/lib/clock.h"
#include "client/say/member.h"
#include "client/say/sort.h"
#include "client/terminal/look.h"
#include "client/top/picture.h"
#include "client/top/top.h"

#define ANSWER_BYTES 256

/* Returns the key that a letter stands for, if it moves; else KEY_NONE. */
static enum key moving_key(char letter)
{
        switch (letter) {
        case 'j':
                return KEY_DOWN;
        case 'b':
                return KEY_PAGE_UP;
        case ' ':
                return KEY_PAGE_DOWN;
        case 'g':
                return KEY_HOME;
        case 'G':
                return KEY_END;
        default:
                return KEY_NONE;
        }
}

bool command_is_move(char letter)
{
        return moving_key(letter) != KEY_NONE;
}

/* Returns the service that keys are about. NULL: there is none, which is answered. */
static const char *subject(struct top *top)
{
        struct json_object *chosen = view_chosen(&top->view);

        if (picture_is_page(top) && *top->page.name)
                return top->page.name;
        if (chosen && top->page.kind != PAGE_KEYS)
                return member_string(chosen, "name");
        if (top->page.kind != PAGE_KEYS)
                messages_answer(&top->messages,
                                view_count(&top->view) > 0
                                        ? "what was chosen is gone from here; choose with the arrows"
                                        : "there is no service to be chosen");
        return NULL;
}

static void close_page(struct top *top)
{
        page_close(&top->page);
        top->page_whole = false;
}

void command_follow_choice(struct top *top)
{
        struct json_object *chosen = view_chosen(&top->view);

        if (top->page.kind == PAGE_LOG && !picture_is_page(top) && chosen &&
            !member_is(chosen, "name", top->page.name))
                page_open(&top->page, PAGE_LOG, chosen);
}

/* Opens a page; the same key again closes it. */
static void toggle_page(struct top *top, enum page_kind kind, bool whole)
{
        bool shown = top->page.kind == kind && (kind != PAGE_LOG || whole == top->page_whole);
        struct json_object *service = NULL;
        const char *name = NULL;

        if (shown) {
                close_page(top);
                return;
        }
        /* From the page of the keys, the page is of what is chosen in the list behind it. */
        if (kind != PAGE_KEYS && top->page.kind == PAGE_KEYS)
                close_page(top);
        if (kind != PAGE_KEYS && !(name = subject(top)))
                return;
        if (name)
                service = json_object_get(roster_find(&top->feed.roster, name));
        if (service || kind == PAGE_KEYS) {
                page_open(&top->page, kind, service);
                top->page_whole = whole;
                top->page_pane.first = 0;
        }
        json_object_put(service);
}

static void give(struct top *top, char letter, const char *name)
{
        orders_give(&top->orders, top->feed.session->options, orders_by_key(letter), name, &top->messages);
}

static void ask_to_kill(struct top *top, const char *name)
{
        top->asking = ASKING_KILL;
        snprintf(top->asked, sizeof(top->asked), "%s", name);
}

static void take_order(struct top *top, char letter, bool pasted)
{
        const char *name;

        if (pasted) {
                messages_answer(&top->messages, "no order was given: that came as if it were pasted");
                return;
        }
        name = subject(top);
        if (!name)
                return;
        top->view.settled = true;
        if (orders_by_key(letter)->signal)
                ask_to_kill(top, name);
        else
                give(top, letter, name);
}

static void answer_kill(struct top *top, enum key key, bool pasted)
{
        bool yes = key == KEY_TEXT && (top->keys.byte == 'y' || top->keys.byte == 'Y') && !pasted;

        top->asking = ASKING_NOTHING;
        if (yes)
                give(top, 'k', top->asked);
        else
                messages_answer(&top->messages, "not killed");
}

static void find(struct top *top, int step, bool behind)
{
        char answer[ANSWER_BYTES];
        char *text;

        if (top->search.length == 0) {
                messages_answer(&top->messages, "nothing was searched for yet; / does");
                return;
        }
        if (view_find(&top->view, top->search.text, step, behind))
                return;
        text = printable_text(top->search.text, look_printable());
        snprintf(answer, sizeof(answer), "no name here has %.128s", text ? text : "that");
        free(text);
        messages_answer(&top->messages, answer);
}

static void begin_search(struct top *top)
{
        if (picture_is_page(top))
                return;
        top->asking = ASKING_SEARCH;
        field_clear(&top->search);
        snprintf(top->searched_from, sizeof(top->searched_from), "%s", top->view.chosen);
}

/* Takes a key of a search. The first match is chosen while the text is typed, counted from what was chosen
 * before. */
static void take_search(struct top *top, enum key key)
{
        if (key == KEY_ENTER) {
                top->asking = ASKING_NOTHING;
                if (top->search.length > 0)
                        find(top, 1, false);
                return;
        }
        if (key == KEY_ESCAPE) {
                top->asking = ASKING_NOTHING;
                view_choose(&top->view, top->searched_from);
                field_clear(&top->search);
                return;
        }
        if (key == KEY_UP || key == KEY_DOWN) {
                find(top, key == KEY_UP ? -1 : 1, true);
                return;
        }
        field_take(&top->search, key, top->keys.byte);
        view_choose(&top->view, top->searched_from);
        if (top->search.length > 0)
                view_find(&top->view, top->search.text, 1, false);
}

static void filter(struct top *top, bool all)
{
        struct json_object *services;

        if (picture_is_page(top))
                return;
        services = roster_array(&top->feed.roster);
        if (all)
                top->view.only = STATE_UNKNOWN;
        else if (services)
                view_filter_next(&top->view, services);
        /* The choice stays if that service is still shown; else the first is chosen. */
        if (services && view_take(&top->view, services, true) == 0 && !view_chosen(&top->view))
                view_move(&top->view, KEY_HOME, 1);
        json_object_put(services);
}

static void sort(struct top *top)
{
        char answer[ANSWER_BYTES];

        if (picture_is_page(top))
                return;
        top->view.sort = sort_next(top->view.sort);
        snprintf(answer, sizeof(answer), "sorted by %s", top->view.sort);
        messages_answer(&top->messages, answer);
}

static void take_letter(struct top *top, char letter, bool pasted)
{
        switch (letter) {
        case 'q':
        case 'Q':
                if (picture_is_page(top))
                        close_page(top);
                else
                        top->ended = true;
                break;
        case 's':
        case 't':
        case 'r':
        case 'k':
                take_order(top, letter, pasted);
                break;
        case 'l':
                toggle_page(top, PAGE_LOG, false);
                break;
        case 'L':
                toggle_page(top, PAGE_LOG, true);
                break;
        case 'w':
                toggle_page(top, PAGE_WHY, false);
                break;
        case 'h':
                toggle_page(top, PAGE_HISTORY, false);
                break;
        case '?':
                toggle_page(top, PAGE_KEYS, false);
                break;
        case '/':
                begin_search(top);
                break;
        case 'n':
        case 'N':
                if (!picture_is_page(top))
                        find(top, letter == 'n' ? 1 : -1, true);
                break;
        case 'f':
        case 'F':
                filter(top, letter == 'F');
                break;
        case 'o':
                sort(top);
                break;
        default:
                break;
        }
}

static void move(struct top *top, enum key key)
{
        struct pane *pane = &top->page_pane;

        if (!picture_is_page(top)) {
                view_move(&top->view, key, top->list.shown > 1 ? top->list.shown - 1 : 1);
                return;
        }
        pane_move(pane, key);
        /* A page that grows stays where a person has scrolled back to. */
        top->page.at_end = (top->page.kind == PAGE_LOG || top->page.kind == PAGE_HISTORY) &&
                           pane->first + pane->shown >= pane->total;
}

static void escape(struct top *top)
{
        if (top->page.kind != PAGE_NONE)
                close_page(top);
        else if (top->view.only != STATE_UNKNOWN)
                filter(top, true);
}

void command_take(struct top *top, enum key key, bool pasted)
{
        enum key moving = key == KEY_TEXT ? moving_key((char)top->keys.byte) : key;

        messages_pass(&top->messages, clock_now_msec());
        if (key == KEY_REDRAW)
                canvas_forget(&top->canvas);
        else if (top->asking == ASKING_KILL)
                answer_kill(top, key, pasted);
        else if (top->asking == ASKING_SEARCH)
                take_search(top, key);
        else if (key == KEY_PASTED)
                messages_answer(&top->messages, "what is pasted is no order; / and then a paste searches");
        else if (key == KEY_ESCAPE)
                escape(top);
        else if (moving != KEY_NONE && moving != KEY_TEXT)
                move(top, moving == KEY_ENTER ? KEY_DOWN : moving);
        else if (key == KEY_TEXT)
                take_letter(top, (char)top->keys.byte, pasted);
        command_follow_choice(top);
}
