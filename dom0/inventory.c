/*
 * What is known of the devices that pciback owns
 *
 * Copyright (c) 2026 The xen-pt-msi authors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <err.h>
#include <stdlib.h>
#include <string.h>

#include "inventory.h"
#include "pciback.h"
#include "status.h"

static DomainName copy(const DomainName *d)
{
    DomainName new = { .domid = d->domid };

    if (d->name) {
        new.name = strdup(d->name);
        if (!new.name) {
            err(STATUS_SYSTEM, NULL);
        }
    }
    return new;
}

static void fill(Device *device, const Bdf *bdf, const Holders *holders)
{
    const Holder *holder = holders ? holders_find(holders, bdf) : NULL;

    device->bdf = *bdf;
    device->allowed = pciback_allowed(bdf);
    device->permissive = pciback_permissive(bdf);
    device->caps = capabilities_read(bdf);
    device->assigned = holders ? holder != NULL : -1;
    if (holder) {
        device->domain = copy(&holder->domain);
        device->stubdom = copy(&holder->stubdom);
    }
}

bool inventory_take(Inventory *inventory, const Holders *holders)
{
    Bdf *list;

    inventory->n = pciback_devices(&list);
    if (inventory->n < 0) {
        return false;
    }
    inventory->devices = calloc(inventory->n + 1, sizeof(Device));
    if (!inventory->devices) {
        err(STATUS_SYSTEM, NULL);
    }
    for (int i = 0; i < inventory->n; i++) {
        fill(&inventory->devices[i], &list[i], holders);
    }
    free(list);
    return true;
}

void inventory_free(Inventory *inventory)
{
    for (int i = 0; i < inventory->n; i++) {
        free(inventory->devices[i].domain.name);
        free(inventory->devices[i].stubdom.name);
    }
    free(inventory->devices);
}
