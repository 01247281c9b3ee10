/*
 * Which device has a name
 *
 * Copyright (c) 2026 The xen-pt-msi authors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef DOM0_FIND_H
#define DOM0_FIND_H

#include <stdbool.h>

#include "bdf.h"
#include "name.h"

/*
 * The device that NAME stands for at this time. Returns false if there is no
 * such path, or if another device is at its end: says, behind WHERE, what was
 * found and what to do. An address alone is taken as it is.
 */
bool find(const Name *name, const char *where, Bdf *bdf);

#endif
