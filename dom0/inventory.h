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
#include "holders.h"

/* Of what may be unknown, 1: yes, 0: no, -1: unknown */
typedef struct Device {
    Bdf bdf;
    int allowed, permissive, assigned;
    Capabilities caps;
    DomainName domain, stubdom;         /* as Holder has them */
} Device;

typedef struct Inventory {
    Device *devices;        /* in order */
    int n;
} Inventory;

/*
 * Take stock; HOLDERS is NULL where it is unknown who has the devices. Returns
 * false with errno set, nothing to be freed, if pciback's devices cannot be
 * told.
 */
bool inventory_take(Inventory *inventory, const Holders *holders);
void inventory_free(Inventory *inventory);

#endif
