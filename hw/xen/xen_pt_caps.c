/*
 * Xen PCI pass-through: the capability list that a guest sees
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "hw/pci/pci_regs.h"
#include "hw/xen/xen_pt_caps.h"

static bool walked(const XenPTCaps *caps, uint8_t offset)
{
    for (unsigned i = 0; i < caps->n; i++) {
        if (caps->cap[i].offset == offset) {
            return true;
        }
    }
    return false;
}

/*
 * All-ones is what a lost read leaves, and what a device has where it has
 * nothing. That one is there at a second look, and STATUS, which has reserved
 * bits, reads otherwise.
 */
static int read_word(XenPTCapsRead *read, void *opaque, uint8_t offset,
                     uint16_t *word)
{
    uint16_t status;
    int rc = read(opaque, offset, word);

    if (rc || *word != UINT16_MAX) {
        return rc;
    }
    rc = read(opaque, PCI_STATUS, &status);
    if (!rc && status == UINT16_MAX) {
        rc = -EIO;
    }
    return rc ? rc : read(opaque, offset, word);
}

int xen_pt_caps_walk(XenPTCaps *caps, XenPTCapsRead *read, void *opaque)
{
    uint8_t pointer, offset;
    uint16_t word;
    int rc;

    caps->n = 0;
    caps->cut = false;
    rc = read_word(read, opaque, PCI_STATUS, &word);
    if (rc || !(word & PCI_STATUS_CAP_LIST)) {
        return rc;
    }
    rc = read_word(read, opaque, PCI_CAPABILITY_LIST, &word);
    pointer = word;
    while (!rc && caps->n < XEN_PT_CAPS_MAX) {
        offset = pointer & ~3;
        if (pointer == 0xff || offset < PCI_STD_HEADER_SIZEOF ||
            walked(caps, offset)) {
            break;
        }
        rc = read_word(read, opaque, offset, &word);
        if (rc || (word & 0xff) == 0xff) {
            break;
        }
        caps->cap[caps->n++] = (XenPTCap) { .id = word, .offset = offset };
        pointer = word >> 8;
    }
    caps->n = rc ? 0 : caps->n;
    caps->cut = !rc && word == UINT16_MAX;
    return rc;
}

uint8_t xen_pt_caps_find(const XenPTCaps *caps, uint8_t id, uint8_t after)
{
    bool found = !after;

    for (unsigned i = 0; i < caps->n; i++) {
        if (found && caps->cap[i].id == id) {
            return caps->cap[i].offset;
        }
        found |= caps->cap[i].offset == after;
    }
    return 0;
}

uint8_t xen_pt_caps_next(const XenPTCaps *caps, uint8_t offset,
                         XenPTCapsVisible *visible, void *opaque)
{
    bool found = offset == PCI_CAPABILITY_LIST;

    for (unsigned i = 0; i < caps->n; i++) {
        if (found && visible(opaque, &caps->cap[i])) {
            return caps->cap[i].offset;
        }
        found |= caps->cap[i].offset == offset;
    }
    return 0;
}
