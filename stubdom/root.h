/*
 * The files that QEMU can see, and which of them it can write
 *
 * Copyright (c) 2026 The xen-pt-msi authors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef STUBDOM_ROOT_H
#define STUBDOM_ROOT_H

#include <stdbool.h>

/* All three say what went wrong before they return false. */

/* Mount what the kernel offers; the directories are in the image. */
bool root_mount(void);

/*
 * Remove from the directory DEV all but the device nodes that QEMU uses, and
 * "mem" if KEEP_MEM.
 */
bool root_sweep_nodes(const char *dev, bool keep_mem);

/*
 * Unmount /proc, and make everything read-only but device nodes and the
 * devices' part of sysfs, where config space is.
 */
bool root_seal(void);

#endif
