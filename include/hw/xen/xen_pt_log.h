/*
 * Xen PCI pass-through: what a guest causes is told once
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Include hw/xen/xen_pt.h instead of this.
 */
#ifndef HW_XEN_PT_LOG_H
#define HW_XEN_PT_LOG_H

typedef struct XenPCIPassthroughState XenPCIPassthroughState;

/**
 * xen_pt_log_first: is this the first time that the device's log hears of it?
 * @d: the device; NULL: none, and then it is told always
 * @cause: any address that stands for the cause, and no other's
 *
 * Most causes are accesses, which a guest can make a million times a minute.
 * The log is on dom0's disk. It keeps one line a device and cause, for as long
 * as the device is there: a limit by time would only fill the disk later.
 */
bool xen_pt_log_first(const PCIDevice *d, const void *cause);

/**
 * xen_pt_log_finalize: the device object goes away
 */
void xen_pt_log_finalize(XenPCIPassthroughState *s);

#endif
