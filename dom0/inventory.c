/*
 * What is known of the devices that pciback owns
 *
 * Copyright (c) 2026 The xen-pt-msi authors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <err.h>
#include <stdlib.h>

#include "domains.h"
#include "inventory.h"
#include "pciback.h"
#include "status.h"

static void fill_domain(Device *device, Domains *domains, const Assignment *a)
{
    device->assigned = 1;
    device->domain.domid = a->stubdom ? a->target : a->domid;
    device->domain.name = domains_name(domains, device->domain.domid);
    if (a->stubdom) {
        device->stubdom.domid = a->domid;
        device->stubdom.name = domains_name(domains, a->domid);
    }
}

static void fill_domains(Inventory *inventory)
{
    Domains *domains = domains_open();
    Assignment *list = NULL;
    int n = domains ? domains_assignments(domains, &list) : -1;

    if (n < 0) {
        warn("which domain has a device is unknown: xenstore cannot be read");
    }
    for (int i = 0; i < inventory->n; i++) {
        Device *device = &inventory->devices[i];

        device->assigned = n < 0 ? -1 : 0;
        for (int j = 0; j < n && !device->assigned; j++) {
            if (bdf_compare(&list[j].bdf, &device->bdf) == 0) {
                fill_domain(device, domains, &list[j]);
            }
        }
    }
    free(list);
    domains_close(domains);
}

bool inventory_take(Inventory *inventory)
{
    bool supported = pciback_supports();
    Bdf *list;

    inventory->n = pciback_devices(&list);
    if (inventory->n < 0) {
        warn("%s cannot be read", PCIBACK);
        return false;
    }
    inventory->devices = calloc(inventory->n + 1, sizeof(Device));
    if (!inventory->devices) {
        err(STATUS_SYSTEM, NULL);
    }
    for (int i = 0; i < inventory->n; i++) {
        Device *device = &inventory->devices[i];

        device->bdf = list[i];
        device->allowed = supported ? pciback_allowed(&list[i]) : -1;
        device->permissive = pciback_permissive(&list[i]);
        device->caps = capabilities_read(&list[i]);
    }
    free(list);
    fill_domains(inventory);
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
