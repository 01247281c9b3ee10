/*
 * What the hardware says of MSI and MSI-X
 *
 * Copyright (c) 2026 The xen-pt-msi authors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef DOM0_CAPABILITY_H
#define DOM0_CAPABILITY_H

#include "bdf.h"

typedef enum Capability {
    CAP_UNKNOWN,        /* config space cannot be read */
    CAP_ABSENT,
    CAP_OFF,
    CAP_ON,
} Capability;

typedef struct Capabilities {
    Capability msi, msix;
} Capabilities;

/*
 * Read the device's config space; dom0's kernel shows the hardware's registers,
 * whatever the device's domain is shown. All of it can be read by root only.
 */
Capabilities capabilities_read(const Bdf *bdf);

const char *capability_name(Capability c);

#endif
