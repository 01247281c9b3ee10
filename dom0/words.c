/*
 * What is known of a device, in words for a person
 *
 * Copyright (c) 2026 The xen-pt-msi authors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <err.h>
#include <stdio.h>
#include <string.h>

#include "shown.h"
#include "status.h"
#include "words.h"

const char *words_permission(int value)
{
    return value < 0 ? "unknown" : value ? "given" : "refused";
}

const char *words_yes(int value)
{
    return value < 0 ? "unknown" : value ? "yes" : "no";
}

char *words_domain(const Device *device, const DomainName *domain)
{
    char *text;

    if (!domain->name) {
        text = strdup(device->assigned < 0 ? "unknown" : "-");
    } else if (asprintf(&text, "%s (%u)", shown(domain->name).text,
                        domain->domid) < 0) {
        text = NULL;
    }
    if (!text) {
        err(STATUS_SYSTEM, NULL);
    }
    return text;
}
