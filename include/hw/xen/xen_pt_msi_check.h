/*
 * Xen PCI pass-through: checks of MSI messages
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Pure functions over the two messages that an interrupt has: the one that the
 * guest programmed, which decides what Xen delivers to the guest, and the one
 * that Xen wrote to the device, which decides what the device sends.
 */
#ifndef HW_XEN_PT_MSI_CHECK_H
#define HW_XEN_PT_MSI_CHECK_H

/* An MSI message. The upper half of @address is 0 for a 32-bit device. */
typedef struct XenPTMSIMessage {
    uint64_t address;
    uint32_t data;
} XenPTMSIMessage;

/* Why a message in the device is not one that Xen can have written. */
typedef enum XenPTMSICheck {
    XEN_PT_MSI_CHECK_OK,
    XEN_PT_MSI_CHECK_NOT_READ,       /* all-ones: the read failed */
    XEN_PT_MSI_CHECK_NOT_PROGRAMMED, /* an address of 0 */
    XEN_PT_MSI_CHECK_ADDRESS,        /* not an interrupt's address */
    XEN_PT_MSI_CHECK_REMAPPED_DATA,  /* VT-d's format, but with data */
    XEN_PT_MSI_CHECK_TRIGGER,        /* level triggered */
} XenPTMSICheck;

/**
 * xen_pt_msi_check_device: is this a message that Xen writes to a device?
 * @m: the message as read from the device
 *
 * Only what no Xen writes is refused, on any IOMMU. AMD's form has an index in
 * the data and may have a destination in the address, so neither a vector nor a
 * delivery mode can be seen to be wrong.
 *
 * Returns: XEN_PT_MSI_CHECK_OK, or the first reason why not.
 */
XenPTMSICheck xen_pt_msi_check_device(const XenPTMSIMessage *m);

/**
 * xen_pt_msi_check_reason: a reason in words, for the log and the status
 * @check: any value of the enumeration
 */
const char *xen_pt_msi_check_reason(XenPTMSICheck check);

/**
 * xen_pt_msi_requested_pirq: the pirq that a guest asks for by its message
 * @m: the guest's message
 *
 * A guest that uses event channels for its interrupts writes data of vector 0,
 * which no APIC accepts, but never data 0, which is that of a message half
 * written; and the number of a pirq it was given by Xen: bits 7:0 in
 * the destination id, bits 31:8 at their place in the upper address (Linux,
 * xen_msi_compose_msg()).
 *
 * Returns: the pirq, or 0 where the message does not ask for one.
 */
uint32_t xen_pt_msi_requested_pirq(const XenPTMSIMessage *m);

/**
 * xen_pt_msi_guest_usable: can Xen deliver what the guest's message says?
 * @m: the guest's message
 *
 * Either a request for a pirq or a plain local APIC message with a legal
 * vector and a delivery mode that Xen can deliver, fixed or lowest priority.
 * Or one to memory, without data: Xen lets the device send it, and the guest's
 * APIC ignores it, as it has vector 0 (Xen, vlapic_set_irq()).
 * A guest may enable MSI before it has programmed the message, or change the
 * message in several writes: what is not usable may become so.
 */
bool xen_pt_msi_guest_usable(const XenPTMSIMessage *m);

#endif
