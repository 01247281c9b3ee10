/*
 * Let a stub domain switch a device's MSI and MSI-X on and off
 *
 * Copyright (c) 2026 The xen-pt-msi authors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * pciback refuses that unless dom0 has given the permission, device by device,
 * and xl does not give it. See xen-pt-msi-allow.8.
 */
#include <err.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "allow.h"
#include "inventory.h"
#include "list.h"
#include "pciback.h"
#include "shown.h"
#include "status.h"

static const char usage[] =
"Usage: xen-pt-msi-allow [--dry-run] [--stubdom-only] BDF|DOMAIN...\n"
"       xen-pt-msi-allow [--dry-run] --configured\n"
"       xen-pt-msi-allow [--list] [--json]\n"
"\n"
"Gives a PCI device the permission to use MSI and MSI-X from a stub domain: a\n"
"device, or all devices of a domain (name or number) and its stub domain. Run it\n"
"in dom0, as root.\n"
"\n"
"  -n, --dry-run       say what would be done, do nothing\n"
"  -s, --stubdom-only  refuse a device that no stub domain has\n"
"  -c, --configured    the devices of /etc/xen/xen-pt-msi-allow.conf that\n"
"                      pciback owns; for udev\n"
"  -l, --list          list the devices that pciback owns (the default)\n"
"  -j, --json          list them as JSON\n"
"  -h, --help          print this message\n"
"  -V, --version       print the version\n"
"\n"
"Exit status: 0 given, 1 refused to a device, 2 wrong usage or configuration,\n"
"3 this system cannot give it. See xen-pt-msi-allow(8).\n";

static const struct option options[] = {
    { "dry-run", no_argument, NULL, 'n' },
    { "stubdom-only", no_argument, NULL, 's' },
    { "configured", no_argument, NULL, 'c' },
    { "list", no_argument, NULL, 'l' },
    { "json", no_argument, NULL, 'j' },
    { "help", no_argument, NULL, 'h' },
    { "version", no_argument, NULL, 'V' },
    { NULL, 0, NULL, 0 },
};

static Status list(bool json)
{
    Inventory inventory;

    if (!pciback_here() || !inventory_take(&inventory)) {
        return STATUS_SYSTEM;
    }
    (json ? list_json : list_table)(&inventory);
    inventory_free(&inventory);
    return STATUS_OK;
}

int main(int argc, char **argv)
{
    AllowOptions how = { .dry_run = false };
    bool listing = false, json = false;
    Status status;
    int option, n;

    opterr = 0;
    while ((option = getopt_long(argc, argv, "nscljhV", options, NULL)) != -1) {
        switch (option) {
        case 'n':
            how.dry_run = true;
            break;
        case 's':
            how.stubdom_only = true;
            break;
        case 'c':
            how.configured = true;
            break;
        case 'j':
            json = true;
            /* fall through */
        case 'l':
            listing = true;
            break;
        case 'h':
            fputs(usage, stdout);
            return STATUS_OK;
        case 'V':
            puts("xen-pt-msi-allow " VERSION);
            return STATUS_OK;
        default:
            /* getopt_long() tells only a long option that is known. */
            errx(STATUS_USAGE, "%s: %s; see xen-pt-msi-allow --help",
                 shown(argv[optind - 1]).text,
                 optopt && strchr(argv[optind - 1], '=')
                 ? "this option takes no value" : "there is no such option");
        }
    }
    n = argc - optind;
    if (n == 0 && !how.configured && !how.dry_run && !how.stubdom_only) {
        listing = true;
    }
    if (listing && (n || how.configured || how.dry_run || how.stubdom_only)) {
        errx(STATUS_USAGE, "a list takes neither devices nor other options");
    }
    if (how.configured && (n || how.stubdom_only)) {
        errx(STATUS_USAGE, "--configured takes neither devices nor "
             "--stubdom-only");
    }
    if (!listing && !how.configured && n == 0) {
        errx(STATUS_USAGE, "no device or domain is named; see "
             "xen-pt-msi-allow --help");
    }
    if (listing) {
        status = list(json);
    } else if (how.configured) {
        status = allow_configured(&how);
    } else {
        status = allow(argv + optind, n, &how);
    }
    if (fflush(stdout) || ferror(stdout)) {
        err(STATUS_SYSTEM, "standard output");
    }
    return status;
}
