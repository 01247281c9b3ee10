/*
 * Xen PCI pass-through: the capability list that a guest sees
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "hw/xen/xen_pt_caps.h"

#define CAPABILITY_LIST 0x34    /* PCI_CAPABILITY_LIST */
#define HEADER_SIZE     0x40    /* PCI_STD_HEADER_SIZEOF */
#define LIST_NEXT       1       /* PCI_CAP_LIST_NEXT */

static bool walked(const XenPTCaps *caps, uint8_t offset)
{
    for (unsigned i = 0; i < caps->n; i++) {
        if (caps->cap[i].offset == offset) {
            return true;
        }
    }
    return false;
}

void xen_pt_caps_walk(XenPTCaps *caps, XenPTCapsRead *read, void *opaque)
{
    uint8_t pointer = read(opaque, CAPABILITY_LIST);

    caps->n = 0;
    while (caps->n < XEN_PT_CAPS_MAX) {
        uint8_t offset = pointer & ~3, id;

        /* A failed read, all-ones, is no pointer: 0xfc holds nothing. */
        if (pointer == 0xff || offset < HEADER_SIZE || walked(caps, offset)) {
            break;
        }
        id = read(opaque, offset);
        if (id == 0xff) {
            break;
        }
        caps->cap[caps->n].id = id;
        caps->cap[caps->n].offset = offset;
        caps->n++;
        pointer = read(opaque, offset + LIST_NEXT);
    }
}

uint8_t xen_pt_caps_next(const XenPTCaps *caps, uint8_t offset,
                         XenPTCapsVisible *visible, void *opaque)
{
    bool found = offset == CAPABILITY_LIST;

    for (unsigned i = 0; i < caps->n; i++) {
        if (found && visible(opaque, caps->cap[i].id)) {
            return caps->cap[i].offset;
        }
        found |= caps->cap[i].offset == offset;
    }
    return 0;
}
