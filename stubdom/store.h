/*
 * What the toolstack tells the stub domain through xenstore
 *
 * Copyright (c) 2026 The xen-pt-msi authors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef STUBDOM_STORE_H
#define STUBDOM_STORE_H

#include <stdbool.h>
#include <stddef.h>

/* Both say what is wrong before they return false. */

/* The domain that this one serves: *DOMID is 1..0x7fef (xen.h) */
bool store_read_target(unsigned *domid);

/*
 * The arguments that libxl wrote for TARGET's QEMU, in order. *ARGS has *N of
 * them, at least one; they are the caller's until it ends.
 */
bool store_read_dm_args(unsigned target, char ***args, size_t *n);

#endif
