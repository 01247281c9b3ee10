/*
 * Xen PCI pass-through: INTx where a device or a machine is out of the ordinary
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

/**
 * xen_pt_intx_quiet: silence a device that is found with INTx asserted
 * @s: the device, its emulated registers set up, its interrupt not bound yet
 *
 * Xen keeps a level-triggered interrupt in service until the guest serves it.
 * Until then no interrupt of lower priority comes to that CPU, of whichever
 * device it is. So COMMAND.INTX_DISABLE is set, and the guest reads it set: a
 * driver that wants INTx clears it. Costs nothing where STATUS does not say so.
 */
void xen_pt_intx_quiet(XenPCIPassthroughState *s);

/**
 * xen_pt_intx_disable_again: keep INTx as the guest has it, where that is off
 *
 * To be called after what enables INTx in the device, which pciback's copy of
 * COMMAND does not show: Xen's unmap of MSI (__pci_disable_msi()), and decoding
 * that comes on (do_pci_enable_device() of dom0's Linux). Costs an access only
 * where the guest has INTx disabled, or no line.
 */
void xen_pt_intx_disable_again(XenPCIPassthroughState *s);

/**
 * xen_pt_intx_realized: realize has switched decoding on
 */
void xen_pt_intx_realized(XenPCIPassthroughState *s);

/**
 * xen_pt_intx_written: the guest wrote config space; what of it is COMMAND?
 *
 * Where the guest has enabled INTx while MSI is on, an old pciback has refused
 * it: it is done with the end of MSI.
 */
void xen_pt_intx_written(XenPCIPassthroughState *s);

/**
 * xen_pt_intx_give_way: disable INTx in the device, whatever the guest has
 *
 * pciback before Linux 6.7 refuses ENABLE of MSI and MSI-X while INTx is on
 * (xen_pcibk_get_interrupt_type()).
 *
 * Returns: 0, or a negative errno and the device is as it was: -EPERM in dom0,
 * -EIO where the device cannot be read.
 */
int xen_pt_intx_give_way(XenPCIPassthroughState *s);

/**
 * xen_pt_intx_come_back: have INTx as the guest's COMMAND has it
 *
 * While the device is realized, enabled, as the guest will read it.
 *
 * Returns: 0, or a negative errno: INTx may still be disabled.
 */
int xen_pt_intx_come_back(XenPCIPassthroughState *s);

#endif
