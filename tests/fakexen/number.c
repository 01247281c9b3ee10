/*
 * A fake Xen: numbers in text
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "fakexen.h"

#include <ctype.h>

static int digit(char c)
{
    return isdigit((unsigned char)c) ? c - '0' :
           isxdigit((unsigned char)c) ? tolower((unsigned char)c) - 'a' + 10 :
           16;
}

const char *fk_number(const char *text, unsigned base, uint64_t *value)
{
    const char *begin;

    if (!base) {
        base = text[0] == '0' && (text[1] == 'x' || text[1] == 'X') ? 16 : 10;
        text += base == 16 ? 2 : 0;
    }
    *value = 0;
    for (begin = text; digit(*text) < (int)base; text++) {
        if (*value > (UINT64_MAX - digit(*text)) / base) {
            return NULL;
        }
        *value = *value * base + digit(*text);
    }
    return text == begin ? NULL : text;
}
