/*
 * Which domain has which PCI device, from xenstore
 *
 * Copyright (c) 2026 The xen-pt-msi authors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Xen, tools/libs/light: libxl writes the devices of domain N below
 * /local/domain/0/backend/pci/N, as dev-0, dev-1, ... A guest with a stub
 * domain has no such directory, its stub domain has. A stub domain's "target"
 * is the guest that it serves. No guest may write to any of these.
 */
#ifndef DOM0_DOMAINS_H
#define DOM0_DOMAINS_H

#include <stdbool.h>

#include "bdf.h"

typedef struct Domains Domains;

/* A device, and the domain that pciback lends it to */
typedef struct Assignment {
    Bdf bdf;
    unsigned domid;
    bool stubdom;           /* is that a stub domain? */
    unsigned target;        /* then, of this guest */
} Assignment;

/*
 * Returns NULL with errno set. May block while there is no xenstored: not for
 * use early in dom0's boot.
 */
Domains *domains_open(void);
void domains_close(Domains *d);

/*
 * The domain with this number or name, as xl understands it: what is a number
 * is no name. Returns -1 with errno set, ENOENT where there is none.
 */
int domains_find(Domains *d, const char *domain, unsigned *domid);

/*
 * All devices that are assigned, in order; *LIST is the caller's to free().
 * Returns their number, or -1 with errno set.
 */
int domains_assignments(Domains *d, Assignment **list);

/*
 * Have changes of the assignments told from now on: domains_fd() can be read
 * then. Returns false with errno set.
 */
bool domains_watch(Domains *d);
int domains_fd(Domains *d);

/*
 * Was there a change since the last call? 1, 0, or -1 with errno set, where
 * xenstore is gone. It asks nobody, so it costs nothing.
 */
int domains_changed(Domains *d);

/*
 * The domain's name, "?" where it has none any more. To be freed. Returns NULL
 * with errno set.
 */
char *domains_name(Domains *d, unsigned domid);

#endif
