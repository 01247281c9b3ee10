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
#include "status.h"
#include "words.h"

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

static void fill(Line *line, const Device *d)
{
    line->domain = words_domain(d, &d->domain);
    line->stubdom = words_domain(d, &d->stubdom);
    line->cell[DEVICE] = d->bdf.text;
    line->cell[DOMAIN] = line->domain;
    line->cell[STUB_DOMAIN] = line->stubdom;
    line->cell[PERMISSION] = words_permission(d->allowed);
    line->cell[PERMISSIVE] = words_yes(d->permissive);
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
