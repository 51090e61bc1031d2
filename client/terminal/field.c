/* SPDX-License-Identifier: ISC */
#include "client/terminal/field.h"

void field_clear(struct field *field)
{
        *field = (struct field){.length = 0};
}

static void add(struct field *field, unsigned char byte)
{
        if (field->length + 1 >= sizeof(field->text))
                return;
        field->text[field->length++] = (char)byte;
        field->text[field->length] = '\0';
}

/* Takes away the last character, of however many bytes. */
static void take_back(struct field *field)
{
        while (field->length > 0 && ((unsigned char)field->text[--field->length] & 0xc0) == 0x80)
                ;
        field->text[field->length] = '\0';
}

void field_take(struct field *field, enum key key, unsigned char byte)
{
        if (key == KEY_TEXT || key == KEY_PASTED)
                add(field, byte);
        else if (key == KEY_BACKSPACE)
                take_back(field);
        else if (key == KEY_ERASE)
                field_clear(field);
}
