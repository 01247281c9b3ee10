/*
 * Is this the Xen that the image is made for?
 *
 * Copyright (c) 2026 The xen-pt-msi authors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef STUBDOM_XEN_VERSION_H
#define STUBDOM_XEN_VERSION_H

#include <stdbool.h>

/*
 * Ask Xen whether it takes what this image's libxenctrl sends, which is QEMU's
 * too. Needs xen-privcmd. Says what is wrong before it returns false.
 */
bool xen_version_check(void);

#endif
