/*
 * The address of a PCI device
 *
 * Copyright (c) 2026 The xen-pt-msi authors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef DOM0_BDF_H
#define DOM0_BDF_H

#include <stdbool.h>

/* "DDDD:BB:DD.F" in lower case, as the kernel names the device in sysfs */
typedef struct Bdf {
    char text[sizeof("dddd:bb:dd.f")];
} Bdf;

/*
 * Parse [DDDD:]BB:DD.F, hexadecimal, and nothing behind it; the PCI domain is
 * 0 where it is not named. Returns false, *BDF untouched, if that is no address
 * or a part is out of range: domain ffff, bus ff, device 1f, function 7. There
 * are larger domains (Intel's VMD), but Xen has no more than 16 bits for one.
 */
bool bdf_parse(Bdf *bdf, const char *text);

/* "DD.F": the part of the address that is the device's own, not its bus's */
const char *bdf_slot(const Bdf *bdf);

/*
 * The device SLOT of BUS, in the PCI domain that NEAR is in. Returns false,
 * *BDF untouched, if that is no address.
 */
bool bdf_on_bus(Bdf *bdf, const Bdf *near, unsigned bus, const char *slot);

/* For qsort() */
int bdf_compare(const void *a, const void *b);

#endif
