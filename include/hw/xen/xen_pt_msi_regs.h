/*
 * Xen PCI pass-through: the MSI or MSI-X capability as the guest sees it
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The registers and what the guest may write in them, at any width and
 * alignment. Never touches hardware: all but the pending bits is emulated.
 */
#ifndef HW_XEN_PT_MSI_REGS_H
#define HW_XEN_PT_MSI_REGS_H

#include "hw/pci/pci_regs.h"
#include "hw/xen/xen_pt_msi_check.h"

/* The largest layout: 64-bit address and per-vector masking. */
#define XEN_PT_MSI_REGS_MAX 24

typedef struct XenPTMSIRegs {
    uint8_t size;                       /* of the capability, in bytes */
    uint8_t data, mask, pending;        /* offsets; 0: not there */
    uint16_t enable, maskall;           /* bits of the control word */
    uint8_t value[XEN_PT_MSI_REGS_MAX];
    uint8_t writable[XEN_PT_MSI_REGS_MAX];
} XenPTMSIRegs;

/* What a write has changed. */
typedef enum XenPTMSIEvents {
    XEN_PT_MSI_WROTE_CONTROL = 1,   /* ENABLE's byte, perhaps the same */
    XEN_PT_MSI_WROTE_VECTOR = 2,    /* the message or the mask changed */
} XenPTMSIEvents;

/**
 * xen_pt_msi_regs_size: the size of a capability, in bytes
 * @control: its control word
 *
 * Whole dwords: what follows the data in the last one is reserved, and is
 * part of the capability (PCIe base spec, "Extended Message Data").
 */
unsigned xen_pt_msi_regs_size(uint16_t control);

/**
 * xen_pt_msi_regs_init: the capability as it is after a reset
 * @regs: the registers
 * @control: the device's control word; says which registers there are
 * @next: the offset of the guest's next capability
 *
 * The guest is shown one vector and neither the bits that came after PCI 3.0
 * nor what the device holds: it programs Xen, and Xen the device.
 */
void xen_pt_msi_regs_init(XenPTMSIRegs *regs, uint16_t control, uint8_t next);

/**
 * xen_pt_msi_regs_init_msix: the same of an MSI-X capability
 * @table: the device's register of that name: BAR and offset of the table
 * @pba: and of the pending bits
 *
 * What is in the table is not here: see xen_pt_msix_table.h.
 */
void xen_pt_msi_regs_init_msix(XenPTMSIRegs *regs, uint16_t control,
                               uint8_t next, uint32_t table, uint32_t pba);

/**
 * xen_pt_msi_regs_read: what the guest reads
 * @regs: the registers
 * @offset: from the capability's begin; any
 * @len: 1 to 4 bytes
 *
 * Bytes beyond the capability's end, and the pending bits, read as 0.
 */
uint32_t xen_pt_msi_regs_read(const XenPTMSIRegs *regs, unsigned offset,
                              unsigned len);

/**
 * xen_pt_msi_regs_write: the guest writes
 * @regs: the registers
 * @offset: from the capability's begin; any
 * @value: little-endian, the lower @len bytes count
 * @len: 1 to 4 bytes
 *
 * Read-only and reserved bits and bytes beyond the end hold.
 *
 * Returns: XenPTMSIEvents. WROTE_CONTROL only where the write reached the byte
 * that ENABLE is in.
 */
unsigned xen_pt_msi_regs_write(XenPTMSIRegs *regs, unsigned offset,
                               uint32_t value, unsigned len);

/**
 * xen_pt_msi_regs_set_control: what ENABLE and the function mask read as
 * @maskall: of no meaning for MSI
 */
void xen_pt_msi_regs_set_control(XenPTMSIRegs *regs, bool enable, bool maskall);

/* The guest's settings. */
bool xen_pt_msi_regs_enable(const XenPTMSIRegs *regs);
bool xen_pt_msi_regs_maskall(const XenPTMSIRegs *regs);
/* A guest that asks for a pirq leaves masking to Xen, and the bit as it is. */
bool xen_pt_msi_regs_masked(const XenPTMSIRegs *regs);
XenPTMSIMessage xen_pt_msi_regs_message(const XenPTMSIRegs *regs);

#endif
