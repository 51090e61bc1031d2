/* SPDX-License-Identifier: ISC */
#include "client/top/view.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <json-c/json.h>

#include "client/say/member.h"
#include "client/say/sort.h"

void view_init(struct view *view)
{
        *view = (struct view){.sort = SORT_ATTENTION};
}

void view_deinit(struct view *view)
{
        json_object_put(view->services);
        view_init(view);
}

size_t view_count(const struct view *view)
{
        return view->services ? json_object_array_length(view->services) : 0;
}

static const char *name_at(const struct view *view, size_t place)
{
        const char *name = member_string(json_object_array_get_idx(view->services, place), "name");

        return name ? name : "";
}

/* Returns the place of the service of that name, or view_count() if it is not shown. */
static size_t place_of(const struct view *view, const char *name)
{
        size_t place = 0;

        while (place < view_count(view) && strcmp(name_at(view, place), name) != 0)
                place++;
        return place;
}

static void choose_place(struct view *view, size_t place)
{
        size_t count = view_count(view);

        if (count == 0)
                return;
        view->place = place < count ? place : count - 1;
        view_choose(view, name_at(view, view->place));
}

void view_choose(struct view *view, const char *name)
{
        if (name != view->chosen)
                snprintf(view->chosen, sizeof(view->chosen), "%s", name);
}

static struct json_object *filter(const struct view *view, struct json_object *services)
{
        struct json_object *left = json_object_new_array();

        for (size_t i = 0; left && i < json_object_array_length(services); i++) {
                struct json_object *service = json_object_array_get_idx(services, i);

                if (view->only == STATE_UNKNOWN || state_of(service)->kind == view->only)
                        json_object_array_add(left, json_object_get(service));
        }
        return left;
}

int view_take(struct view *view, struct json_object *services, bool settled)
{
        struct json_object *left = filter(view, services);
        struct json_object *sorted = left ? sort_services(left, view->sort) : NULL;
        size_t place;

        json_object_put(left);
        if (!sorted)
                return -ENOMEM;
        json_object_put(view->services);
        view->services = sorted;
        place = place_of(view, view->chosen);
        if (!view->settled)
                choose_place(view, 0);
        else if (place < view_count(view))
                view->place = place;
        view->settled = view->settled || (settled && view_count(view) > 0);
        return 0;
}

struct json_object *view_chosen(const struct view *view)
{
        size_t place = place_of(view, view->chosen);

        return place < view_count(view) ? json_object_array_get_idx(view->services, place) : NULL;
}

void view_move(struct view *view, enum key key, size_t rows)
{
        /* If the chosen service is gone, the one that took its place is the next. */
        bool there = view_chosen(view);
        size_t place = view->place, last = view_count(view) > 0 ? view_count(view) - 1 : 0;

        if (key == KEY_UP)
                place -= place > 0;
        else if (key == KEY_DOWN)
                place += there;
        else if (key == KEY_PAGE_UP)
                place -= place < rows ? place : rows;
        else if (key == KEY_PAGE_DOWN)
                place += rows;
        else if (key == KEY_HOME)
                place = 0;
        else if (key == KEY_END)
                place = last;
        else
                return;
        view->settled = view->settled || view_count(view) > 0;
        choose_place(view, place);
}

bool view_find(struct view *view, const char *text, int step, bool behind)
{
        size_t count = view_count(view), begin = place_of(view, view->chosen);

        if (begin == count)
                begin = view->place < count ? view->place : 0;
        for (size_t i = behind; i < count + behind; i++) {
                size_t place = (step < 0 ? begin + 2 * count - i : begin + i) % count;

                if (strcasestr(name_at(view, place), text)) {
                        view->settled = true;
                        choose_place(view, place);
                        return true;
                }
        }
        return false;
}

static bool is_any(struct json_object *services, const struct state *state)
{
        for (size_t i = 0; i < json_object_array_length(services); i++)
                if (state_of(json_object_array_get_idx(services, i)) == state)
                        return true;
        return false;
}

void view_filter_next(struct view *view, struct json_object *services)
{
        bool passed = view->only == STATE_UNKNOWN;

        for (size_t i = 0; state_at(i); i++) {
                if (passed && is_any(services, state_at(i))) {
                        view->only = state_at(i)->kind;
                        return;
                }
                passed = passed || state_at(i)->kind == view->only;
        }
        view->only = STATE_UNKNOWN;
}

const char *view_filter(const struct view *view)
{
        for (size_t i = 0; state_at(i); i++)
                if (view->only != STATE_UNKNOWN && state_at(i)->kind == view->only)
                        return state_at(i)->name;
        return NULL;
}
