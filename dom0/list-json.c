/*
 * Show the devices that pciback owns, as JSON
 *
 * Copyright (c) 2026 The xen-pt-msi authors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <stdio.h>

#include "list.h"
#include "shown.h"

/* Of a value that is -1, 0 or 1 */
static const char *boolean(int value)
{
    return value < 0 ? "null" : value ? "true" : "false";
}

static void print_domain(const char *key, const DomainName *d)
{
    printf("\"%s\": ", key);
    if (d->name) {
        printf("{\"id\": %u, \"name\": ", d->domid);
        print_json_string(d->name);
        printf("}, ");
    } else {
        printf("null, ");
    }
}

void list_json_members(const Device *d)
{
    printf("\"device\": \"%s\", \"assigned\": %s, ", d->bdf.text,
           boolean(d->assigned));
    print_domain("domain", &d->domain);
    print_domain("stub-domain", &d->stubdom);
    printf("\"permission\": %s, \"permissive\": %s, \"msi\": \"%s\", "
           "\"msix\": \"%s\"", boolean(d->allowed), boolean(d->permissive),
           capability_name(d->caps.msi), capability_name(d->caps.msix));
}

void list_json(const Inventory *inventory)
{
    printf("[");
    for (int i = 0; i < inventory->n; i++) {
        printf("%s\n  {", i ? "," : "");
        list_json_members(&inventory->devices[i]);
        printf("}");
    }
    printf("%s]\n", inventory->n ? "\n" : "");
}
