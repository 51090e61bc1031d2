/* SPDX-License-Identifier: ISC */
#include "daemon/doctor/doctor.h"

#include <stdarg.h>
#include <stdio.h>

#include "proto/utf8.h"

static const char *const verdict_names[] = {"ok", "warning", "failure"};

static void write_check(struct doctor *doctor, const char *name, enum verdict verdict, const char *advice,
                        const char *format, va_list arguments) __attribute__((format(printf, 5, 0)));

static void write_check(struct doctor *doctor, const char *name, enum verdict verdict, const char *advice,
                        const char *format, va_list arguments)
{
        struct text *text = &doctor->checks;
        char detail[3 * FINDINGS_LINE_BYTES + 256]; /* three kinds of findings at most, each with its name */

        if (vsnprintf(detail, sizeof(detail), format, arguments) >= (int)sizeof(detail))
                utf8_end(detail);
        text_append_string(text, doctor->count++ ? ",{" : "{");
        text_append_member_string(text, "name", name);
        text_append_member_string(text, "verdict", verdict_names[verdict]);
        text_append_member_string(text, "detail", detail);
        if (verdict != VERDICT_OK)
                text_append_member_string(text, "advice", advice);
        text_append_string(text, "}");
}

void doctor_check(struct doctor *doctor, const char *name, enum verdict verdict, const char *advice,
                  const char *format, ...)
{
        va_list arguments;

        va_start(arguments, format);
        write_check(doctor, name, verdict, advice, format, arguments);
        va_end(arguments);
}

void doctor_well(struct doctor *doctor, const char *name, const char *format, ...)
{
        va_list arguments;

        va_start(arguments, format);
        write_check(doctor, name, VERDICT_OK, NULL, format, arguments);
        va_end(arguments);
}

void doctor_lacks_memory(struct doctor *doctor)
{
        doctor->checks.failed = true;
}
