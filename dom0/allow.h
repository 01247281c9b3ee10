/*
 * Give devices the permission
 *
 * Copyright (c) 2026 The xen-pt-msi authors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef DOM0_ALLOW_H
#define DOM0_ALLOW_H

#include <stdbool.h>

#include "status.h"

typedef struct AllowOptions {
    bool dry_run;           /* look, say what would be done, do nothing */
    bool stubdom_only;      /* only to a device that a stub domain has */
    bool configured;        /* to those of the configuration file */
} AllowOptions;

/*
 * Give the permission to the devices that each of the N words stands for: the
 * one of that name, or those of that domain. One line for each device says what
 * came of it, on standard output, or on standard error where it failed.
 */
Status allow(char *const *words, int n, const AllowOptions *options);

/*
 * The same for the devices of the configuration file that pciback owns. Only
 * what was done is said, and errors: it runs whenever a device comes or goes.
 */
Status allow_configured(const AllowOptions *options);

#endif
