/*
 * Xen PCI pass-through: checks of MSI messages
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "hw/xen/xen_pt_msi_check.h"

/* The fields of a message's address and data that the checks look at. */
#define ADDRESS_INTERRUPT       0xfee00000u /* where interrupts are written */
#define ADDRESS_INTERRUPT_MASK  0xfff00000u
#define ADDRESS_DEST_ID         0x000ff000u
#define ADDRESS_DEST_ID_SHIFT   12
#define ADDRESS_REMAPPABLE      0x00000010u /* VT-d: remappable format */
#define ADDRESS_DEST_LOGICAL    0x00000004u
#define ADDRESS_DWORD           0x00000003u /* reads as 0 (PCI 3.0, 6.8.1.4) */
#define DATA_TRIGGER_LEVEL      0x8000u
#define DATA_DELIVERY_MODE      0x0700u
#define DATA_LOWEST_PRIORITY    0x0100u
#define DATA_VECTOR             0x00ffu
#define FIRST_LEGAL_VECTOR      0x10

static bool address_is_interrupt(uint32_t lo)
{
    return (lo & ADDRESS_INTERRUPT_MASK) == ADDRESS_INTERRUPT &&
           !(lo & ADDRESS_DWORD);
}

static bool delivery_mode_is_plain(uint32_t data)
{
    return !(data & DATA_DELIVERY_MODE & ~DATA_LOWEST_PRIORITY);
}

static bool vector_is_legal(uint32_t data)
{
    return (data & DATA_VECTOR) >= FIRST_LEGAL_VECTOR;
}

XenPTMSICheck xen_pt_msi_check_device(const XenPTMSIMessage *m)
{
    uint32_t lo = m->address, hi = m->address >> 32;

    if (lo == UINT32_MAX || hi == UINT32_MAX || m->data == UINT16_MAX) {
        return XEN_PT_MSI_CHECK_NOT_READ;
    }
    if (!lo) {
        return XEN_PT_MSI_CHECK_NOT_PROGRAMMED;
    }
    if (!address_is_interrupt(lo)) {
        return XEN_PT_MSI_CHECK_ADDRESS;
    }
    if (lo & ADDRESS_REMAPPABLE) {
        if (hi) {
            return XEN_PT_MSI_CHECK_ADDRESS;
        }
        return m->data ? XEN_PT_MSI_CHECK_REMAPPED_DATA : XEN_PT_MSI_CHECK_OK;
    }
    /* Bits 31:8 of a destination id that is wider than the lower half has. */
    if (hi & 0xff) {
        return XEN_PT_MSI_CHECK_ADDRESS;
    }
    if (m->data & DATA_TRIGGER_LEVEL) {
        return XEN_PT_MSI_CHECK_TRIGGER;
    }
    if (!(lo & (ADDRESS_DEST_ID | ADDRESS_DEST_LOGICAL))) {
        return XEN_PT_MSI_CHECK_OK;
    }
    if (!delivery_mode_is_plain(m->data)) {
        return XEN_PT_MSI_CHECK_DELIVERY_MODE;
    }
    return vector_is_legal(m->data) ? XEN_PT_MSI_CHECK_OK
                                    : XEN_PT_MSI_CHECK_VECTOR;
}

const char *xen_pt_msi_check_reason(XenPTMSICheck check)
{
    switch (check) {
    case XEN_PT_MSI_CHECK_OK:
        return "as Xen writes it";
    case XEN_PT_MSI_CHECK_NOT_READ:
        return "all-ones, so not read";
    case XEN_PT_MSI_CHECK_NOT_PROGRAMMED:
        return "address 0, so not programmed";
    case XEN_PT_MSI_CHECK_ADDRESS:
        return "not an interrupt's address";
    case XEN_PT_MSI_CHECK_REMAPPED_DATA:
        return "remappable format with data";
    case XEN_PT_MSI_CHECK_TRIGGER:
        return "level triggered";
    case XEN_PT_MSI_CHECK_DELIVERY_MODE:
        return "neither fixed nor lowest priority";
    case XEN_PT_MSI_CHECK_VECTOR:
        return "vector below 16";
    }
    return "unknown";
}

uint32_t xen_pt_msi_requested_pirq(const XenPTMSIMessage *m)
{
    uint32_t lo = m->address, hi = m->address >> 32;

    if (!m->data || (m->data & DATA_VECTOR)) {
        return 0;
    }
    return (hi & ~0xffu) | (lo & ADDRESS_DEST_ID) >> ADDRESS_DEST_ID_SHIFT;
}

bool xen_pt_msi_guest_usable(const XenPTMSIMessage *m)
{
    if (!address_is_interrupt(m->address)) {
        return false;
    }
    if (xen_pt_msi_requested_pirq(m)) {
        return true;
    }
    return !(m->address >> 32) && vector_is_legal(m->data) &&
           delivery_mode_is_plain(m->data);
}
