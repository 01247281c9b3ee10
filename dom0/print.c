/*
 * Print the names of devices that stay with them
 *
 * Copyright (c) 2026 The xen-pt-msi authors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <err.h>
#include <stdio.h>

#include "device.h"
#include "find.h"
#include "print.h"

static Status print_name(const char *word)
{
    Name name;
    Bdf bdf;

    if (!name_parse_word(&name, word)) {
        return STATUS_USAGE;
    }
    if (!find(&name, "", &bdf)) {
        return STATUS_REFUSED;
    }
    if (!device_exists(&bdf)) {
        warnx("%s: there is no such PCI device; \"lspci -D\" lists them",
              bdf.text);
        return STATUS_REFUSED;
    }
    if (!device_name(&bdf, &name)) {
        warn("%s: its name cannot be found out", bdf.text);
        return STATUS_REFUSED;
    }
    printf("%s\n", name_text(&name).text);
    return STATUS_OK;
}

Status print_names(char *const *words, int n)
{
    Status status = STATUS_OK;

    for (int i = 0; i < n; i++) {
        Status one = print_name(words[i]);

        status = status < one ? one : status;
    }
    return status;
}
