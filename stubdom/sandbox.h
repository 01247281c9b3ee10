/*
 * What QEMU may ask of the stub domain's kernel
 *
 * Copyright (c) 2026 The xen-pt-msi authors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef STUBDOM_SANDBOX_H
#define STUBDOM_SANDBOX_H

#include <stdbool.h>
#include <stdint.h>

/*
 * For the calling process and all it will execute. All say what went wrong
 * before they return false; the process is then not to be used any further.
 */

/*
 * Close all files but the standard three and these two; -1 stands for none. The
 * libraries of Xen leave theirs open, and through them QEMU could reach what is
 * between init and dom0.
 */
bool sandbox_close_files(int keep, int keep_too);

/* Give up, for good, the capabilities that are not in KEEP (1 << CAP_...). */
bool sandbox_drop_capabilities(uint64_t keep);

/* Forbid the system calls that a device model has no use for. */
bool sandbox_filter(void);

/*
 * Try what must not work now: to write to the root, to look into /proc, to open
 * /dev/mem (unless KEEP_MEM) and a network socket.
 */
bool sandbox_holds(bool keep_mem);

#endif
