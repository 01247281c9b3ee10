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

/* The capabilities of a device, in the chain's order. */
typedef struct XenPTCaps {
    unsigned n;
    struct {
        uint8_t id;
        uint8_t offset;
    } cap[XEN_PT_CAPS_MAX];
} XenPTCaps;

/* Read the byte at @offset of config space; 0xff where that fails. */
typedef uint8_t XenPTCapsRead(void *opaque, uint8_t offset);

/* Is the guest to see this capability? */
typedef bool XenPTCapsVisible(void *opaque, uint8_t id);

/**
 * xen_pt_caps_walk: follow a device's chain of capabilities
 * @caps: what is found
 * @read: how to read config space
 * @opaque: passed to @read
 *
 * The walk ends at the chain's end, or before a pointer that leads into the
 * header or back into the chain, a capability that cannot be read, or one that
 * would not fit into config space. The low two bits of a pointer are reserved
 * and ignored (PCI 3.0, 6.7).
 */
void xen_pt_caps_walk(XenPTCaps *caps, XenPTCapsRead *read, void *opaque);

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
