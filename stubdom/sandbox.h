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
#include <stddef.h>

/* Owns nothing, neither in the image nor in what the kernel shows. */
#define SANDBOX_USER 65534

/*
 * For the calling process and all it will execute. All say what went wrong
 * before they return false; the process is then not to be used any further.
 */

/*
 * Close all files but the standard three and the N in KEEP; -1 stands for none.
 * The libraries of Xen leave theirs open, and through them QEMU could reach
 * what is between init and dom0.
 */
bool sandbox_close_files(const int *keep, size_t n);

/* Become the user SANDBOX_USER, for good, with no capability. */
bool sandbox_drop_privileges(void);

/* Forbid arguments of system calls that a device model has no use for. */
bool sandbox_filter(void);

/*
 * Try what must not work now: to write to the root, to look into /proc, to open
 * the console and a network socket.
 */
bool sandbox_holds(void);

#endif
