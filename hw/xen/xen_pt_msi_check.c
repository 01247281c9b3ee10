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
#define ADDRESS_DWORD           0x00000003u /* reads as 0 (PCI 3.0, 6.8.1.4) */
/* Those that are the same in all messages; above 4 GiB there is memory. */
#define ADDRESS_FIXED           (0xffffffff00000000 | \
                                 ADDRESS_INTERRUPT_MASK | ADDRESS_DWORD)
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

/*
 * What Xen writes, whatever the APIC's mode. Xen 4.14 to 4.22 were read, and
 * what is not known to be wrong there is right: reserved bits, for example.
 */
static const struct {
    /* A message is of this form where these bits of its address are so. */
    uint64_t mask, address;
    uint32_t zero;              /* bits of the data that Xen never sets */
    XenPTMSICheck wrong;        /* what it is where one is set */
} forms[] = {
    /*
     * VT-d: the index of a table's entry takes the address. The data would be
     * added to it; with one vector there is nothing to add (VT-d
     * specification, 5.1.2.2; Xen, msi_msg_to_remap_entry()).
     */
    {
        .mask = ADDRESS_FIXED | ADDRESS_REMAPPABLE,
        .address = ADDRESS_INTERRUPT | ADDRESS_REMAPPABLE,
        .zero = UINT32_MAX,
        .wrong = XEN_PT_MSI_CHECK_REMAPPED_DATA,
    },
    /*
     * No remapping: an APIC's message, edge triggered (Xen,
     * msi_compose_msg()). AMD: the same, with an index for bits 10:0 of the
     * data, so that there is no vector to look at. Its address keeps the
     * destination up to Xen 4.19.3 and 4.20.1, and has none since (Xen,
     * update_intremap_entry_from_msi_msg()).
     */
    {
        .mask = ADDRESS_FIXED | ADDRESS_REMAPPABLE,
        .address = ADDRESS_INTERRUPT,
        .zero = DATA_TRIGGER_LEVEL,
        .wrong = XEN_PT_MSI_CHECK_TRIGGER,
    },
};

/* A register that could not be read has all bits set. */
static bool is_read(const XenPTMSIMessage *m)
{
    return (uint32_t)m->address != UINT32_MAX &&
           m->address >> 32 != UINT32_MAX &&
           m->data != UINT16_MAX && m->data != UINT32_MAX;
}

XenPTMSICheck xen_pt_msi_check_device(const XenPTMSIMessage *m)
{
    if (!is_read(m)) {
        return XEN_PT_MSI_CHECK_NOT_READ;
    }
    if (!(uint32_t)m->address) {
        return XEN_PT_MSI_CHECK_NOT_PROGRAMMED;
    }
    for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
        if ((m->address & forms[i].mask) == forms[i].address) {
            return m->data & forms[i].zero ? forms[i].wrong
                                           : XEN_PT_MSI_CHECK_OK;
        }
    }
    return XEN_PT_MSI_CHECK_ADDRESS;
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

/*
 * A message that is written to memory, as iPXE has it: the device is to send
 * it, and nobody waits for an interrupt. There is no data yet where a guest has
 * written just an address, which is an interrupt's then.
 */
static bool is_for_memory(const XenPTMSIMessage *m)
{
    uint32_t lo = m->address;

    return lo && !m->data &&
           (lo & ADDRESS_INTERRUPT_MASK) != ADDRESS_INTERRUPT;
}

bool xen_pt_msi_guest_usable(const XenPTMSIMessage *m)
{
    if (is_for_memory(m)) {
        return true;
    }
    if (!address_is_interrupt(m->address)) {
        return false;
    }
    if (xen_pt_msi_requested_pirq(m)) {
        return true;
    }
    return !(m->address >> 32) && vector_is_legal(m->data) &&
           delivery_mode_is_plain(m->data);
}
