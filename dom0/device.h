/*
 * What sysfs says of a PCI device, whoever owns it
 *
 * Copyright (c) 2026 The xen-pt-msi authors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef DOM0_DEVICE_H
#define DOM0_DEVICE_H

#include <stdbool.h>

#include "bdf.h"
#include "name.h"

#define DEVICES "/sys/bus/pci/devices"

bool device_exists(const Bdf *bdf);

/*
 * The device SLOT, "DD.F", on the bus below BRIDGE. Returns false with errno
 * set, ENOENT where there is none; *BDF may be BRIDGE.
 */
bool device_below(Bdf *bdf, const Bdf *bridge, const char *slot);

/* Returns false with errno set. */
bool device_identity(const Bdf *bdf, Identity *identity);

/*
 * The name that stays with the device when buses are numbered anew. It has no
 * path where there is none, or none that device_below() finds: a virtual
 * function may be on a bus that is no bridge's. Returns false with errno set.
 */
bool device_name(const Bdf *bdf, Name *name);

#endif
