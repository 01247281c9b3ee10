/*
 * Which domain has which PCI device, by the domains' names
 *
 * Copyright (c) 2026 The xen-pt-msi authors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <err.h>
#include <errno.h>
#include <stdlib.h>

#include "holders.h"
#include "status.h"

/* Returns false with errno set. */
static bool fill(DomainName *name, Domains *domains, unsigned domid)
{
    name->domid = domid;
    name->name = domains_name(domains, domid);
    return name->name;
}

bool holders_read(Holders *holders, Domains *domains)
{
    Assignment *assigned;
    bool ok = true;
    int error;

    holders->n = domains_assignments(domains, &assigned);
    if (holders->n < 0) {
        return false;
    }
    holders->list = calloc(holders->n + 1, sizeof(Holder));
    if (!holders->list) {
        err(STATUS_SYSTEM, NULL);
    }
    for (int i = 0; i < holders->n && ok; i++) {
        const Assignment *a = &assigned[i];
        Holder *holder = &holders->list[i];

        holder->bdf = a->bdf;
        ok = fill(&holder->domain, domains,
                  a->stubdom ? a->target : a->domid) &&
             (!a->stubdom || fill(&holder->stubdom, domains, a->domid));
    }
    error = errno;
    free(assigned);
    if (!ok) {
        holders_free(holders);
    }
    errno = error;
    return ok;
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
