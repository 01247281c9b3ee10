/*
 * Which domain has which PCI device, by the domains' names
 *
 * Copyright (c) 2026 The xen-pt-msi authors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <err.h>
#include <stdlib.h>

#include "holders.h"
#include "status.h"

static void fill(Holder *holder, Domains *domains, const Assignment *a)
{
    holder->bdf = a->bdf;
    holder->domain.domid = a->stubdom ? a->target : a->domid;
    holder->domain.name = domains_name(domains, holder->domain.domid);
    if (a->stubdom) {
        holder->stubdom.domid = a->domid;
        holder->stubdom.name = domains_name(domains, a->domid);
    }
}

bool holders_read(Holders *holders, Domains *domains)
{
    Assignment *assigned;

    holders->n = domains_assignments(domains, &assigned);
    if (holders->n < 0) {
        return false;
    }
    holders->list = calloc(holders->n + 1, sizeof(Holder));
    if (!holders->list) {
        err(STATUS_SYSTEM, NULL);
    }
    for (int i = 0; i < holders->n; i++) {
        fill(&holders->list[i], domains, &assigned[i]);
    }
    free(assigned);
    return true;
}

void holders_free(Holders *holders)
{
    for (int i = 0; i < holders->n; i++) {
        free(holders->list[i].domain.name);
        free(holders->list[i].stubdom.name);
    }
    free(holders->list);
}

const Holder *holders_find(const Holders *holders, const Bdf *bdf)
{
    for (int i = 0; i < holders->n; i++) {
        if (bdf_compare(&holders->list[i].bdf, bdf) == 0) {
            return &holders->list[i];
        }
    }
    return NULL;
}
