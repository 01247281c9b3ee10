/*
 * A fake Xen: what the parts of Xen know of each other
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef FAKEXEN_XEN_H
#define FAKEXEN_XEN_H

#include "fakexen.h"

typedef struct FkPirq {
    enum { FK_FREE, FK_GSI, FK_MSI, FK_MSIX } type;
    int gsi;
    FkBdf bdf;
    int entry;
    uint64_t address;           /* the message that Xen has for the device */
    uint32_t data;
    bool bound;
    uint8_t gvec;
    uint32_t gflags;
    bool host_masked, guest_masked;
    bool reserved;              /* a guest was promised it */
} FkPirq;

/**
 * fk_pirq_of: the pirq that is mapped to an MSI of a device
 * @type: FK_MSI or FK_MSIX
 * @entry: -1: any
 *
 * Returns: NULL where there is none.
 */
FkPirq *fk_pirq_of(const FkDevice *d, int type, int entry);

/* xen-msi.c; 0 or a negative errno */

int fk_msi_map(FkDevice *d, FkPirq *p);
void fk_msi_unmap(FkDevice *d, FkPirq *p);

/* Write the message once more, as its affinity is set. */
void fk_msi_message(FkDevice *d, const FkPirq *p);
void fk_msi_mask(FkDevice *d, FkPirq *p, bool host, bool guest);

/* xen-table.c */

/**
 * fk_table_bound, fk_table_unbound: an interrupt of an MSI-X table is
 * @gtable: where the guest has the table
 *
 * It is looked at for the first that is bound.
 */
void fk_table_bound(FkDevice *d, const FkPirq *p, uint64_t gtable);
void fk_table_unbound(FkDevice *d);
void fk_table_init(void);

#endif
