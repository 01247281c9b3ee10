/*
 * Print the names of devices that stay with them
 *
 * Copyright (c) 2026 The xen-pt-msi authors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef DOM0_PRINT_H
#define DOM0_PRINT_H

#include "status.h"

/*
 * Print a line of the configuration file for each of the N devices, by
 * whatever name it is called. It need not be pciback's yet.
 */
Status print_names(char *const *words, int n);

#endif
