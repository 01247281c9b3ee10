/*
 * The address of a PCI device
 *
 * Copyright (c) 2026 The xen-pt-msi authors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "bdf.h"

/* A number of at most DIGITS digits and END behind it; *TEXT is moved on */
static bool number(const char **text, unsigned digits, char end, unsigned *n)
{
    const char *p = *text;
    unsigned value = 0;

    for (; isxdigit((unsigned char)*p); p++) {
        if (digits-- == 0) {
            return false;
        }
        value = value * 16 +
                (isdigit((unsigned char)*p) ? *p - '0'
                                            : tolower(*p) - 'a' + 10);
    }
    if (p == *text || *p != end) {
        return false;
    }
    *text = end ? p + 1 : p;
    *n = value;
    return true;
}

bool bdf_parse(Bdf *bdf, const char *text)
{
    unsigned domain = 0, bus, dev, func;
    const char *colon = strchr(text, ':');

    if (colon && strchr(colon + 1, ':') && !number(&text, 4, ':', &domain)) {
        return false;
    }
    if (!number(&text, 2, ':', &bus) || !number(&text, 2, '.', &dev) ||
        !number(&text, 1, '\0', &func) || dev > 0x1f || func > 7) {
        return false;
    }
    snprintf(bdf->text, sizeof(bdf->text), "%04x:%02x:%02x.%x", domain, bus,
             dev, func);
    return true;
}

const char *bdf_slot(const Bdf *bdf)
{
    return bdf->text + strlen("dddd:bb:");
}

bool bdf_on_bus(Bdf *bdf, const Bdf *near, unsigned bus, const char *slot)
{
    char text[sizeof(bdf->text)];

    return snprintf(text, sizeof(text), "%.4s:%02x:%s", near->text, bus,
                    slot) < (int)sizeof(text) && bdf_parse(bdf, text);
}

int bdf_compare(const void *a, const void *b)
{
    return strcmp(((const Bdf *)a)->text, ((const Bdf *)b)->text);
}
