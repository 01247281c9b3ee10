/*
 * Xen PCI pass-through: a message that a driver copies into the device
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "hw/xen/xen_pt_copied.h"

/* From the address to the data, as MSI's own registers with 64 bits have it. */
#define DATA_DISTANCE 8

static bool is_address(const XenPTMSIMessage *guest, unsigned size,
                       uint64_t value)
{
    /* What is half written, 0 for one, is a message to nobody. */
    return xen_pt_msi_guest_usable(guest) &&
           ((size == 4 && value == (uint32_t)guest->address) ||
            (size == 8 && value == guest->address));
}

uint64_t xen_pt_copied_write(XenPTCopied *c, const XenPTMSIMessage *guest,
                             uint64_t at, unsigned size, uint64_t value)
{
    bool data = c->expecting && at < c->data_at + 4 && c->data_at < at + size;
    XenPTMSIMessage host;

    if (is_address(guest, size, value) && c->host(c->opaque, &host)) {
        c->expecting = true;
        c->data_at = at + DATA_DISTANCE;
        c->replaced++;
        return size == 4 ? (uint32_t)host.address : host.address;
    }
    if (!data) {
        return value;
    }
    c->expecting = false;
    return size == 4 && value == guest->data && c->host(c->opaque, &host)
        ? host.data : value;
}
