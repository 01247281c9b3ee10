/*
 * Xen PCI pass-through: tell of a guest's writes that did not take
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A write that pciback refuses looks like a success, and so does one that QEMU
 * keeps back. Behind pcifront each is named in the log, once for each register,
 * and in the property "config-refused". Elsewhere nothing is done.
 *
 * Include hw/xen/xen_pt.h instead of this.
 */
#ifndef HW_XEN_PT_REFUSED_DEV_H
#define HW_XEN_PT_REFUSED_DEV_H

#include "hw/xen/xen_pt_refused.h"

typedef struct XenPCIPassthroughState XenPCIPassthroughState;

/**
 * xen_pt_refused_written: the guest's write has gone to the device
 * @addr: 0 to 255
 * @old: what was read there before, for that
 * @value: what was written
 * @len: 1 to 4 bytes
 *
 * Reads the register back, the first time. QEMU has read it for the write too,
 * as it does before each: no register is read that is not read anyway.
 */
void xen_pt_refused_written(XenPCIPassthroughState *s, uint32_t addr,
                            uint32_t old, uint32_t value, int len);

/**
 * xen_pt_refused_kept: QEMU keeps back what it does not know of a write
 *
 * Parameters as above. Costs no access.
 *
 * Returns: false where it is for others to tell of it.
 */
bool xen_pt_refused_kept(XenPCIPassthroughState *s, uint32_t addr,
                         uint32_t old, uint32_t value, int len);

/**
 * xen_pt_refused_finalize: the device object goes away
 */
void xen_pt_refused_finalize(XenPCIPassthroughState *s);

/**
 * xen_pt_refused_class_init: add the properties
 */
void xen_pt_refused_class_init(ObjectClass *klass);

#endif
