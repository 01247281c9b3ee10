/*
 * What the toolstack tells the stub domain through xenstore
 *
 * Copyright (c) 2026 The xen-pt-msi authors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef STUBDOM_STORE_H
#define STUBDOM_STORE_H

#include <stdbool.h>
#include <stddef.h>

/* A device's name, with room */
#define STORE_NAME_MAX 32

typedef struct StorePciDevices {
    struct xs_handle *xs;
    char dir[64];
    unsigned next, n;
} StorePciDevices;

/* All that read say what is wrong before they return false. */

/*
 * Remove dom0's nodes that have this domain's kernel end it: QEMU could write
 * them, and the guest's end would not be reported. They cannot be made anew:
 * what they are in is dom0's.
 */
bool store_close_controls(void);

/* This domain's own number */
bool store_read_domid(unsigned *domid);

/* The domain that this one serves: *DOMID is 1..0x7fef (xen.h) */
bool store_read_target(unsigned *domid);

/*
 * The arguments that libxl wrote for TARGET's QEMU, in order. *ARGS has *N of
 * them, at least one; they are the caller's until it ends.
 */
bool store_read_dm_args(unsigned target, char ***args, size_t *n);

/*
 * The PCI devices that dom0's pciback has for the domain DOMID. Returns false,
 * and says nothing, if there are none; otherwise close it.
 */
bool store_pci_open(StorePciDevices *s, unsigned domid);

/*
 * The next one: its names in dom0 and in this domain, SSSS:BB:DD.F each.
 * Returns false after the last one.
 */
bool store_pci_next(StorePciDevices *s, char host[STORE_NAME_MAX],
                    char local[STORE_NAME_MAX]);

void store_pci_close(StorePciDevices *s);

#endif
