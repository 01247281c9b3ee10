/*
 * Which domain has which PCI device, by the domains' names
 *
 * Copyright (c) 2026 The xen-pt-msi authors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef DOM0_HOLDERS_H
#define DOM0_HOLDERS_H

#include <stdbool.h>

#include "bdf.h"
#include "domains.h"

typedef struct DomainName {
    unsigned domid;
    char *name;             /* NULL: there is none */
} DomainName;

typedef struct Holder {
    Bdf bdf;
    DomainName domain;      /* the guest, if a stub domain has the device */
    DomainName stubdom;
} Holder;

typedef struct Holders {
    Holder *list;
    int n;
} Holders;

/* Returns false with errno set, nothing to be freed. */
bool holders_read(Holders *holders, Domains *domains);
void holders_free(Holders *holders);

/* NULL where no domain has the device */
const Holder *holders_find(const Holders *holders, const Bdf *bdf);

#endif
