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
#include <stdlib.h>
#include <string.h>

#include "allow.h"
#include "list.h"
#include "print.h"
#include "shown.h"
#include "status.h"
#include "watch.h"

static const char usage[] =
"Usage: xen-pt-msi-allow [--dry-run] [--stubdom-only] BDF|DOMAIN...\n"
"       xen-pt-msi-allow [--dry-run] --configured\n"
"       xen-pt-msi-allow --print BDF...\n"
"       xen-pt-msi-allow [--list] [--json]\n"
"       xen-pt-msi-allow --watch [--json]\n"
"\n"
"Gives a PCI device the permission to use MSI and MSI-X from a stub domain: a\n"
"device, or all devices of a domain (name or number) and its stub domain. Run it\n"
"in dom0, as root.\n"
"\n"
"  -n, --dry-run       say what would be done, do nothing\n"
"  -s, --stubdom-only  refuse a device that no stub domain has\n"
"  -c, --configured    the devices of /etc/xen/xen-pt-msi-allow.conf that\n"
"                      pciback owns; for udev\n"
"  -p, --print         print the line that names a device in that file\n"
"  -l, --list          list the devices that pciback owns (the default)\n"
"  -w, --watch         print a line for each, and one each time it changes\n"
"  -j, --json          print JSON\n"
"  -h, --help          print this message\n"
"  -V, --version       print the version\n"
"\n"
"Exit status: 0 given, 1 refused to a device, 2 wrong usage or configuration,\n"
"3 this system cannot give it. See xen-pt-msi-allow(8).\n";

/* Each option is one of these bits, but --help and --version. */
enum { DRY_RUN = 1, STUBDOM_ONLY = 2, CONFIGURED = 4, PRINT = 8, LIST = 16,
       JSON = 32, WATCH = 64 };

static const struct option options[] = {
    { "dry-run", no_argument, NULL, 'n' },
    { "stubdom-only", no_argument, NULL, 's' },
    { "configured", no_argument, NULL, 'c' },
    { "print", no_argument, NULL, 'p' },
    { "list", no_argument, NULL, 'l' },
    { "json", no_argument, NULL, 'j' },
    { "watch", no_argument, NULL, 'w' },
    { "help", no_argument, NULL, 'h' },
    { "version", no_argument, NULL, 'V' },
    { NULL, 0, NULL, 0 },
};

/* What the program is used for: the first that has one of the options */
static const struct Use {
    unsigned by, with;      /* its options, and those that it may have */
    bool words;             /* are devices or domains named? */
    const char *rule;
} uses[] = {
    { WATCH, WATCH | JSON, false,
      "--watch takes neither devices nor other options but --json" },
    { LIST | JSON, LIST | JSON, false,
      "a list takes neither devices nor other options" },
    { CONFIGURED, CONFIGURED | DRY_RUN, false,
      "--configured takes neither devices nor other options but --dry-run" },
    { PRINT, PRINT, true, "--print takes devices, and no other options" },
    { DRY_RUN | STUBDOM_ONLY, DRY_RUN | STUBDOM_ONLY, true,
      "no device or domain is named; see xen-pt-msi-allow --help" },
};

/* Ends the program where the options, or whether there are words, are wrong. */
static void check_use(unsigned set, bool words)
{
    for (unsigned i = 0; i < sizeof(uses) / sizeof(uses[0]); i++) {
        const struct Use *use = &uses[i];

        if (set & use->by) {
            if (set & ~use->with || words != use->words) {
                errx(STATUS_USAGE, "%s", use->rule);
            }
            return;
        }
    }
}

static unsigned parse(int argc, char **argv)
{
    /* The first ones as the bits are */
    static const char letters[] = "nscpljwhV";
    unsigned set = 0;
    int option;

    opterr = 0;
    while ((option = getopt_long(argc, argv, letters, options, NULL)) != -1) {
        switch (option) {
        case 'h':
            fputs(usage, stdout);
            exit(STATUS_OK);
        case 'V':
            puts("xen-pt-msi-allow " VERSION);
            exit(STATUS_OK);
        case '?':
            /* getopt_long() tells only a long option that is known. */
            errx(STATUS_USAGE, "%s: %s; see xen-pt-msi-allow --help",
                 shown(argv[optind - 1]).text,
                 optopt && strchr(argv[optind - 1], '=')
                 ? "this option takes no value" : "there is no such option");
        default:
            set |= 1u << (strchr(letters, option) - letters);
        }
    }
    return set;
}

int main(int argc, char **argv)
{
    unsigned set = parse(argc, argv);
    int n = argc - optind;
    AllowOptions how = {
        .dry_run = set & DRY_RUN,
        .stubdom_only = set & STUBDOM_ONLY,
        .configured = set & CONFIGURED,
    };
    Status status;

    if (!set && n == 0) {
        set = LIST;
    }
    check_use(set, n > 0);
    if (set & WATCH) {
        return watch(set & JSON);       /* what it could not write is known */
    }
    if (set & (LIST | JSON)) {
        status = list(set & JSON);
    } else if (set & CONFIGURED) {
        status = allow_configured(&how);
    } else if (set & PRINT) {
        status = print_names(argv + optind, n);
    } else {
        status = allow(argv + optind, n, &how);
    }
    if (fflush(stdout) || ferror(stdout)) {
        err(STATUS_SYSTEM, "standard output");
    }
    return status;
}
