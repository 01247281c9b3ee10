/*
 * Xen PCI pass-through: reads that did not reach the device
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "hw/xen/xen_pt_lost.h"

bool xen_pt_lost(int rc, const void *value, int len)
{
    const uint8_t *byte = value;

    for (int i = 0; !rc && i < len; i++) {
        if (byte[i] != UINT8_MAX) {
            return false;
        }
    }
    return true;
}
