/*
 * Xen PCI pass-through: the capability list that a guest sees
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "hw/xen/xen_pt_caps.h"

#define STATUS          0x06    /* PCI_STATUS */
#define STATUS_CAP_LIST 0x10    /* PCI_STATUS_CAP_LIST */
#define CAPABILITY_LIST 0x34    /* PCI_CAPABILITY_LIST */
#define HEADER_SIZE     0x40    /* PCI_STD_HEADER_SIZEOF */

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
 * No word of a chain is all-ones: STATUS has reserved bits, the list's head a
 * reserved byte, and a capability of id 0xff does not have another behind it.
 */
static int read_word(XenPTCapsRead *read, void *opaque, uint8_t offset,
                     uint16_t *word)
{
    int rc = read(opaque, offset, word);

    return rc ? rc : *word == UINT16_MAX ? -EIO : 0;
}

int xen_pt_caps_walk(XenPTCaps *caps, XenPTCapsRead *read, void *opaque)
{
    uint8_t pointer, offset;
    uint16_t word;
    int rc;

    caps->n = 0;
    rc = read_word(read, opaque, STATUS, &word);
    if (rc || !(word & STATUS_CAP_LIST)) {
        return rc;
    }
    rc = read_word(read, opaque, CAPABILITY_LIST, &word);
    pointer = word;
    while (!rc && caps->n < XEN_PT_CAPS_MAX) {
        offset = pointer & ~3;
        if (pointer == 0xff || offset < HEADER_SIZE || walked(caps, offset)) {
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
    bool found = offset == CAPABILITY_LIST;

    for (unsigned i = 0; i < caps->n; i++) {
        if (found && visible(opaque, &caps->cap[i])) {
            return caps->cap[i].offset;
        }
        found |= caps->cap[i].offset == offset;
    }
    return 0;
}
