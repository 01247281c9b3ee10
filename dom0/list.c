/*
 * List the devices that pciback owns
 *
 * Copyright (c) 2026 The xen-pt-msi authors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <err.h>

#include "list.h"
#include "pciback.h"

/* Returns false where xenstore cannot be read, after it has said so. */
static bool read_holders(Holders *holders)
{
    Domains *domains = domains_open();
    bool ok = domains && holders_read(holders, domains);

    if (!ok) {
        warn("which domain has a device is unknown: xenstore cannot be read");
    }
    domains_close(domains);
    return ok;
}

Status list(bool json)
{
    Inventory inventory;
    Holders holders;
    bool known, ok;

    if (!pciback_here()) {
        return STATUS_SYSTEM;
    }
    pciback_supports();             /* says so if not */
    known = read_holders(&holders);
    ok = inventory_take(&inventory, known ? &holders : NULL);
    if (ok) {
        (json ? list_json : list_table)(&inventory);
        inventory_free(&inventory);
    } else {
        warn("%s cannot be read", PCIBACK);
    }
    if (known) {
        holders_free(&holders);
    }
    return ok ? STATUS_OK : STATUS_SYSTEM;
}
