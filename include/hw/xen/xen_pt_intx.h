/*
 * Xen PCI pass-through: INTx where a machine is out of the ordinary
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Include hw/xen/xen_pt.h instead of this.
 */
#ifndef HW_XEN_PT_INTX_H
#define HW_XEN_PT_INTX_H

typedef struct XenPCIPassthroughState XenPCIPassthroughState;

/**
 * xen_pt_intx_bindable: can a pirq be bound to INTx?
 * @pirq: just mapped
 *
 * Returns: 0, or -1 with errno set and the pirq unmapped.
 */
int xen_pt_intx_bindable(XenPCIPassthroughState *s, int pirq);

#endif
