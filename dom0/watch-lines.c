/*
 * What is told of a device that has changed
 *
 * Copyright (c) 2026 The xen-pt-msi authors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <stdio.h>
#include <stdlib.h>

#include "list.h"
#include "watch.h"
#include "words.h"

static void text_is(const Device *d)
{
    char *domain = words_domain(d, &d->domain);
    char *stubdom = words_domain(d, &d->stubdom);

    printf("%s: domain %s, stub domain %s, permission %s, permissive %s, "
           "MSI %s, MSI-X %s\n", d->bdf.text, domain, stubdom,
           words_permission(d->allowed), words_yes(d->permissive),
           capability_name(d->caps.msi), capability_name(d->caps.msix));
    free(domain);
    free(stubdom);
}

static void text_left(const Bdf *bdf)
{
    printf("%s: not pciback's any more\n", bdf->text);
}

const WatchLines watch_text = { .is = text_is, .left = text_left };

static void json_is(const Device *d)
{
    printf("{");
    list_json_members(d);
    printf(", \"pciback\": true}\n");
}

static void json_left(const Bdf *bdf)
{
    printf("{\"device\": \"%s\", \"pciback\": false}\n", bdf->text);
}

const WatchLines watch_json = { .is = json_is, .left = json_left };
