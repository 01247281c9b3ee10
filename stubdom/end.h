/*
 * The end of QEMU, and what the guest's owner learns of it
 *
 * Copyright (c) 2026 The xen-pt-msi authors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef STUBDOM_END_H
#define STUBDOM_END_H

#include <stdbool.h>
#include <sys/types.h>

/*
 * Report the domain TARGET as crashed, once; 0: it is not known. Nothing may be
 * said before: QEMU has the console too, and can stop it.
 */
void end_report(unsigned target);

/*
 * Take leave of children that have ended. Returns true if QEMU was among them;
 * TARGET is reported then, and after that it is said how QEMU ended.
 */
bool end_reap(pid_t qemu, unsigned target);

#endif
