/*
 * Xen PCI pass-through: the capability list that a guest sees
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Pure functions over the device's chain of capabilities, which may be
 * anything: it is read from hardware.
 */
#ifndef HW_XEN_PT_CAPS_H
#define HW_XEN_PT_CAPS_H

/*
 * A chain lies in config space above the header, each capability at a
 * multiple of 4 and 4 bytes long at least: (256 - 64) / 4.
 */
#define XEN_PT_CAPS_MAX 48

typedef struct XenPTCap {
    uint8_t id;
    uint8_t offset;
} XenPTCap;

/* The capabilities of a device, in the chain's order. */
typedef struct XenPTCaps {
    bool cut;               /* all-ones has ended it */
    unsigned n;
    XenPTCap cap[XEN_PT_CAPS_MAX];
} XenPTCaps;

/**
 * XenPTCapsRead: read config space
 * @offset: a multiple of 2
 * @word: the 16 bits there, all-ones where the device did not answer
 *
 * Returns: 0 or a negative errno.
 */
typedef int XenPTCapsRead(void *opaque, uint8_t offset, uint16_t *word);

/* Is the guest to see this capability? */
typedef bool XenPTCapsVisible(void *opaque, const XenPTCap *cap);

/**
 * xen_pt_caps_walk: follow a device's chain of capabilities
 * @caps: what is found
 * @read: how to read config space
 * @opaque: passed to @read
 *
 * The walk ends at the chain's end, or before a pointer that leads into the
 * header or back into the chain, or an id of 0xff. The low two bits of a
 * pointer are reserved and ignored (PCI 3.0, 6.7). An id and the pointer behind
 * it are read at once, so that a device's own 0xff can be told from a read that
 * was lost.
 *
 * Returns: 0, or a negative errno where a part of the chain could not be read;
 * then @caps is empty.
 */
int xen_pt_caps_walk(XenPTCaps *caps, XenPTCapsRead *read, void *opaque);

/**
 * xen_pt_caps_find: the place of a capability
 * @id: which
 * @after: the offset of one that it is to come behind; 0: the first of all
 *
 * Returns: its offset, 0 where there is none.
 */
uint8_t xen_pt_caps_find(const XenPTCaps *caps, uint8_t id, uint8_t after);

/**
 * xen_pt_caps_next: the capability that follows, as the guest sees the chain
 * @caps: the device's chain
 * @offset: where the capability is whose next pointer is asked for, or
 *          PCI_CAPABILITY_LIST (0x34) for the head of the chain
 * @visible: which capabilities the guest sees
 * @opaque: passed to @visible
 *
 * Returns: the offset of the next visible capability, 0 where there is none or
 * @offset is not of the chain.
 */
uint8_t xen_pt_caps_next(const XenPTCaps *caps, uint8_t offset,
                         XenPTCapsVisible *visible, void *opaque);

#endif
