/*
 * How a user names a PCI device
 *
 * Copyright (c) 2026 The xen-pt-msi authors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <ctype.h>
#include <err.h>
#include <stdio.h>
#include <string.h>

#include "bdf.h"
#include "name.h"
#include "shown.h"

#define BLANK " \t\r\n"

/* Parse TEXT, which is cut up. */
static bool parse_path(Name *name, char *text)
{
    char *step = strsep(&text, "/");
    Bdf bdf;
    size_t n;

    if (!bdf_parse(&bdf, step)) {
        return false;
    }
    n = snprintf(name->path, sizeof(name->path), "%s", bdf.text);
    while ((step = strsep(&text, "/"))) {
        /* A step is right if it is so on any bus. */
        if (!bdf_on_bus(&bdf, &bdf, 0, step)) {
            return false;
        }
        n += snprintf(name->path + n, sizeof(name->path) - n, "/%s",
                      bdf_slot(&bdf));
        if (n >= sizeof(name->path)) {
            return false;
        }
    }
    return true;
}

/* No digit may be left out: "00:05" is half an address. */
static bool parse_identity(Identity *identity, const char *text)
{
    static const char pattern[] = "xxxx:xxxx";

    /* The end of the text is compared, too. */
    for (unsigned i = 0; i < sizeof(pattern); i++) {
        if (pattern[i] == 'x' ? !isxdigit((unsigned char)text[i])
                              : text[i] != pattern[i]) {
            return false;
        }
        identity->text[i] = tolower((unsigned char)text[i]);
    }
    return true;
}

bool name_parse(Name *name, const char *text)
{
    char words[256], *path, *identity, *rest;

    memset(name, 0, sizeof(*name));
    if (strlen(text) >= sizeof(words)) {
        return false;
    }
    strcpy(words, text);
    path = strtok_r(words, BLANK, &rest);
    identity = path ? strtok_r(NULL, BLANK, &rest) : NULL;
    if (!path || (identity && strtok_r(NULL, BLANK, &rest))) {
        return false;
    }
    return parse_path(name, path) &&
           (!identity || parse_identity(&name->identity, identity));
}

bool name_parse_word(Name *name, const char *word)
{
    if (name_parse(name, word)) {
        return true;
    }
    warnx("%s: not the address of a PCI device, DDDD:BB:DD.F, nor what "
          "--print prints", shown(word).text);
    return false;
}

NameText name_text(const Name *name)
{
    NameText t;

    snprintf(t.text, sizeof(t.text), "%s%s%s", name->path,
             *name->identity.text ? " " : "", name->identity.text);
    return t;
}

bool name_is_address(const Name *name)
{
    return !strchr(name->path, '/') && !*name->identity.text;
}
