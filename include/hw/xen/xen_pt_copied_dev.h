/*
 * Xen PCI pass-through: the registers that a driver copies its message to
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * QEMU takes the place of a part of a BAR. Reads and writes go through to the
 * device, but that the host's message takes the place of the guest's.
 *
 * Include hw/xen/xen_pt.h instead of this.
 */
#ifndef HW_XEN_PT_COPIED_DEV_H
#define HW_XEN_PT_COPIED_DEV_H

typedef struct XenPCIPassthroughState XenPCIPassthroughState;
typedef struct XenPTCopiedDev XenPTCopiedDev;

/**
 * xen_pt_copied_realize: put the window into the guest's BAR, if there is one
 * @s: a device whose MSI and MSI-X are realized
 *
 * Fails where the user asks for a window that the device cannot have. One that
 * only its ids ask for is left out, with a warning. A device whose MSI is
 * hidden sends no message, and has none.
 */
void xen_pt_copied_realize(XenPCIPassthroughState *s, Error **errp);

/**
 * xen_pt_copied_unrealize: take it out again
 *
 * To be called once or more before xen_pt_copied_finalize().
 */
void xen_pt_copied_unrealize(XenPCIPassthroughState *s);

/**
 * xen_pt_copied_finalize: the device object goes away
 */
void xen_pt_copied_finalize(XenPCIPassthroughState *s);

/**
 * xen_pt_copied_class_init: add the property
 */
void xen_pt_copied_class_init(ObjectClass *klass);

#endif
