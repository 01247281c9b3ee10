/*
 * Show the devices that pciback owns, as a table
 *
 * Copyright (c) 2026 The xen-pt-msi authors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "list.h"
#include "shown.h"
#include "status.h"

enum { DEVICE, DOMAIN, STUB_DOMAIN, PERMISSION, PERMISSIVE, MSI, MSIX,
       COLUMNS };

typedef struct Line {
    const char *cell[COLUMNS];
    char *domain, *stubdom;         /* to be freed */
} Line;

static const char *const heading[COLUMNS] = {
    "DEVICE", "DOMAIN", "STUB DOMAIN", "PERMISSION", "PERMISSIVE", "MSI",
    "MSI-X",
};
/* Of a value that is -1, 0 or 1 */
static const char *const given[] = { "unknown", "refused", "given" };
static const char *const yes[] = { "unknown", "no", "yes" };

/* "name (number)", to be freed, NULL where there is no domain */
static char *domain_text(const DomainName *d)
{
    char *text = NULL;

    if (d->name && asprintf(&text, "%s (%u)", shown(d->name).text,
                            d->domid) < 0) {
        err(STATUS_SYSTEM, NULL);
    }
    return text;
}

static void fill(Line *line, const Device *d)
{
    const char *none = d->assigned < 0 ? "unknown" : "-";

    line->domain = domain_text(&d->domain);
    line->stubdom = domain_text(&d->stubdom);
    line->cell[DEVICE] = d->bdf.text;
    line->cell[DOMAIN] = line->domain ? line->domain : none;
    line->cell[STUB_DOMAIN] = line->stubdom ? line->stubdom : none;
    line->cell[PERMISSION] = given[d->allowed + 1];
    line->cell[PERMISSIVE] = yes[d->permissive + 1];
    line->cell[MSI] = capability_name(d->caps.msi);
    line->cell[MSIX] = capability_name(d->caps.msix);
}

static void print_line(const char *const cell[COLUMNS],
                       const int width[COLUMNS])
{
    int i;

    for (i = 0; i < COLUMNS - 1; i++) {
        printf("%-*s  ", width[i], cell[i]);
    }
    printf("%s\n", cell[i]);
}

void list_table(const Inventory *inventory)
{
    Line *lines = calloc(inventory->n + 1, sizeof(*lines));
    int width[COLUMNS], i, column;

    if (!lines) {
        err(STATUS_SYSTEM, NULL);
    }
    for (i = 0; i < inventory->n; i++) {
        fill(&lines[i], &inventory->devices[i]);
    }
    for (column = 0; column < COLUMNS; column++) {
        width[column] = strlen(heading[column]);
        for (i = 0; i < inventory->n; i++) {
            int n = strlen(lines[i].cell[column]);

            width[column] = n > width[column] ? n : width[column];
        }
    }
    print_line(heading, width);
    for (i = 0; i < inventory->n; i++) {
        print_line(lines[i].cell, width);
        free(lines[i].domain);
        free(lines[i].stubdom);
    }
    free(lines);
}
