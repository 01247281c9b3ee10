/*
 * Which system calls QEMU makes itself, and which init looks at first
 *
 * Copyright (c) 2026 The xen-pt-msi authors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef STUBDOM_GATE_FILTER_H
#define STUBDOM_GATE_FILTER_H

/*
 * Load the filter, for good, for the calling process and all it will execute.
 * Returns where requests are to be received, or -1 with errno.
 */
int gate_filter(void);

#endif
