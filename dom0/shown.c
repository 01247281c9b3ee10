/*
 * Names of others, as they are printed
 *
 * Copyright (c) 2026 The xen-pt-msi authors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "shown.h"

#define CUT "..."
#define REPLACEMENT 0xfffd

Shown shown(const char *name)
{
    Shown s;
    size_t n = 0;

    for (; *name; name++) {
        unsigned char c = *name;
        char one[sizeof("\\xff")];
        int size;

        if (c == '\\') {
            size = snprintf(one, sizeof(one), "\\\\");
        } else if (c < ' ' || c > '~') {
            size = snprintf(one, sizeof(one), "\\x%02x", c);
        } else {
            size = snprintf(one, sizeof(one), "%c", c);
        }
        if (n + size + strlen(CUT) >= sizeof(s.text)) {
            strcpy(s.text + n, CUT);
            return s;
        }
        memcpy(s.text + n, one, size);
        n += size;
    }
    s.text[n] = '\0';
    return s;
}

/*
 * The character at *S, and *S behind it. A byte that begins none is one
 * character: so is each byte of a longer form than is needed, of a surrogate,
 * and of what Unicode does not have.
 */
static uint32_t next_character(const unsigned char **s)
{
    static const uint32_t least[] = { 0, 0x80, 0x800, 0x10000 };
    const unsigned char *p = *s;
    int more = *p < 0x80 ? 0 : *p < 0xc0 ? -1 : *p < 0xe0 ? 1 :
               *p < 0xf0 ? 2 : *p < 0xf8 ? 3 : -1;
    uint32_t c;

    ++*s;
    if (more < 0) {
        return REPLACEMENT;
    }
    c = more ? *p & (0x3f >> more) : *p;
    for (int i = 1; i <= more; i++) {
        /* The end of the string is no such byte either. */
        if ((p[i] & 0xc0) != 0x80) {
            return REPLACEMENT;
        }
        c = c << 6 | (p[i] & 0x3f);
    }
    if (c < least[more] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000)) {
        return REPLACEMENT;
    }
    *s = p + more + 1;
    return c;
}

void print_json_string(const char *name)
{
    const unsigned char *s = (const unsigned char *)name;

    putchar('"');
    while (*s) {
        uint32_t c = next_character(&s);

        if (c == '"' || c == '\\') {
            printf("\\%c", (char)c);
        } else if (c >= ' ' && c <= '~') {
            putchar(c);
        } else if (c < 0x10000) {
            printf("\\u%04x", (unsigned)c);
        } else {
            printf("\\u%04x\\u%04x", (unsigned)(0xd7c0 + (c >> 10)),
                   (unsigned)(0xdc00 + (c & 0x3ff)));
        }
    }
    putchar('"');
}
