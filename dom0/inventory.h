/*
 * What is known of the devices that pciback owns
 *
 * Copyright (c) 2026 The xen-pt-msi authors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef DOM0_INVENTORY_H
#define DOM0_INVENTORY_H

#include <stdbool.h>

#include "bdf.h"
#include "capability.h"

typedef struct DomainName {
    unsigned domid;
    char *name;             /* NULL: there is none */
} DomainName;

/* Of what may be unknown, 1: yes, 0: no, -1: unknown */
typedef struct Device {
    Bdf bdf;
    int allowed, permissive, assigned;
    Capabilities caps;
    DomainName domain;      /* the guest, if a stub domain has the device */
    DomainName stubdom;
} Device;

typedef struct Inventory {
    Device *devices;
    int n;
} Inventory;

/*
 * Take stock; standard error says what is to be had from nowhere. Returns
 * false, nothing to be freed, if pciback's devices cannot be told.
 */
bool inventory_take(Inventory *inventory);
void inventory_free(Inventory *inventory);

#endif
