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

void list_json(const Inventory *inventory)
{
    printf("[");
    for (int i = 0; i < inventory->n; i++) {
        const Device *d = &inventory->devices[i];

        printf("%s\n  {\"device\": \"%s\", \"assigned\": %s, ",
               i ? "," : "", d->bdf.text, boolean(d->assigned));
        print_domain("domain", &d->domain);
        print_domain("stub-domain", &d->stubdom);
        printf("\"permission\": %s, \"permissive\": %s, \"msi\": \"%s\", "
               "\"msix\": \"%s\"}", boolean(d->allowed),
               boolean(d->permissive), capability_name(d->caps.msi),
               capability_name(d->caps.msix));
    }
    printf("%s]\n", inventory->n ? "\n" : "");
}
