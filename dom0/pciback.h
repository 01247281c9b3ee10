/*
 * pciback's side of the permission, in sysfs
 *
 * Copyright (c) 2026 The xen-pt-msi authors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Linux, drivers/xen/xen-pciback/pci_stub.c: the permission is set by writing
 * the device's address to the driver's attribute; reading it lists all devices
 * that have it. pciback takes it back whenever a domain gives the device back,
 * be it for the domain's end.
 */
#ifndef DOM0_PCIBACK_H
#define DOM0_PCIBACK_H

#include <stdbool.h>
#include <stddef.h>

#include "bdf.h"

#define PCIBACK "/sys/bus/pci/drivers/pciback"
#define PCIBACK_ATTRIBUTE PCIBACK "/allow_interrupt_control"

/* Is the driver here? Says what to do if not. */
bool pciback_here(void);

/* Has its kernel the attribute? Says what to do if not. */
bool pciback_supports(void);

/*
 * Does pciback own the device? 1; 0, after it has said who does and what to do,
 * unless QUIET; -1, after it has said why that cannot be told.
 */
int pciback_owns(const Bdf *bdf, bool quiet);

/*
 * All devices that pciback owns, in order; *LIST is the caller's to free().
 * Returns their number, or -1 with errno set.
 */
int pciback_devices(Bdf **list);

/* Has the device the permission? 1, 0, or -1 with errno set */
int pciback_allowed(const Bdf *bdf);

/*
 * Ask for the permission, or just whether one may ask, where DRY_RUN. Returns
 * false with errno set if that is refused: EACCES, EPERM or EROFS where this
 * user may not ask, ENODEV where pciback has let the device go. Whether it was
 * given is pciback_allowed()'s to say.
 */
bool pciback_allow(const Bdf *bdf, bool dry_run);

/*
 * May the device's domain write every register, be it for this device or for
 * all (the module's parameter)? 1, 0, or -1 with errno set
 */
int pciback_permissive(const Bdf *bdf);

#endif
