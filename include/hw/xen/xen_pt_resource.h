/*
 * Xen PCI pass-through: a part of a device's BAR, mapped to QEMU
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * By the device's resource file in sysfs. There is no other way to it, and no
 * use of /dev/mem.
 */
#ifndef HW_XEN_PT_RESOURCE_H
#define HW_XEN_PT_RESOURCE_H

typedef struct XenPCIPassthroughState XenPCIPassthroughState;

typedef struct XenPTResource {
    uint8_t *at;                /* the first byte; NULL: not mapped */
    void *mapping;              /* the pages that it is in, */
    size_t size;                /* so many bytes */
} XenPTResource;

/**
 * xen_pt_resource_map: map whole pages of a BAR in memory
 * @r: all zero
 * @bar: 0 to 5
 * @first: in the BAR, a multiple of the page's size
 * @size: in bytes, up to the BAR's end at most
 * @writable: to be written, too
 *
 * Returns: 0 or a negative errno.
 */
int xen_pt_resource_map(XenPTResource *r, XenPCIPassthroughState *s,
                        unsigned bar, uint64_t first, uint64_t size,
                        bool writable);

/**
 * xen_pt_resource_read: one access on the bus
 * @r: mapped
 * @offset: from its first byte, aligned to @size
 * @size: 1, 2, 4 or 8 bytes, inside of what is mapped
 */
uint64_t xen_pt_resource_read(const XenPTResource *r, uint64_t offset,
                              unsigned size);

/**
 * xen_pt_resource_unmap: also of what could not be mapped
 */
void xen_pt_resource_unmap(XenPTResource *r);

#endif
