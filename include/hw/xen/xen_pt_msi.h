/*
 * Xen PCI pass-through: MSI and MSI-X of a device
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What hw/xen/xen_pt.c and xen_pt_config_init.c call. Include hw/xen/xen_pt.h
 * instead of this.
 */
#ifndef HW_XEN_PT_MSI_H
#define HW_XEN_PT_MSI_H

#include "hw/xen/xen_pt_caps.h"
#include "hw/xen/xen_pt_msi_regs.h"
#include "hw/xen/xen_pt_msi_seq.h"

typedef struct XenPCIPassthroughState XenPCIPassthroughState;
typedef struct XenPTMSIX XenPTMSIX;

/* The MSI or MSI-X capability of one device. */
typedef struct XenPTMSI {
    XenPCIPassthroughState *s;
    const char *what;           /* "MSI" or "MSI-X" */
    char *name;                 /* see xen_pt_host_name() */
    uint8_t id;                 /* PCI_CAP_ID_MSI or PCI_CAP_ID_MSIX */
    uint8_t cap;                /* of the capability in config space */
    uint16_t control;           /* the control word as it was found */
    bool hidden;                /* refused before the guest could see it */
    unsigned warned;            /* bit n: XenPTMSIStep n has been reported */
    XenPTMSIFault realize_fault; /* of the probe; outlives a reset */
    XenPTMSIRegs regs;
    XenPTMSIX *x;               /* what only MSI-X has, else NULL */
    XenPTMSIVector *vector;
    XenPTMSISeq seq;
} XenPTMSI;

/* The world of a XenPTMSI: libxenctrl and the host's config space. */
extern const XenPTMSIOps xen_pt_msi_host_ops;

/**
 * xen_pt_host_name: what the host calls the device, DDDD:BB:DD.F
 *
 * For messages; to be freed.
 */
char *xen_pt_host_name(const XenPCIPassthroughState *s);

/**
 * xen_pt_msi_walk: find the device's capabilities
 *
 * Fails where the device cannot be read.
 */
void xen_pt_msi_walk(XenPCIPassthroughState *s, Error **errp);

/**
 * xen_pt_msi_realize: probe MSI and MSI-X
 * @s: the device, its BARs registered, its capabilities found, its emulated
 *     registers not set up yet
 *
 * What is refused the guest will not see: a device without MSI still has its
 * other interrupts. Fails where the device cannot be read; nothing is in the
 * guest's memory then.
 */
void xen_pt_msi_realize(XenPCIPassthroughState *s, Error **errp);

/**
 * xen_pt_msi_unrealize: take back what the guest sees in its memory
 *
 * To be called once or more before xen_pt_msi_finalize().
 */
void xen_pt_msi_unrealize(XenPCIPassthroughState *s);

/**
 * xen_pt_msi_finalize: the device object goes away
 */
void xen_pt_msi_finalize(XenPCIPassthroughState *s);

/**
 * xen_pt_msi_start: give the guest's view its beginning
 * @s: a device with a capability of this id; one that is hidden becomes null
 * @id: PCI_CAP_ID_MSI or PCI_CAP_ID_MSIX
 * @base: its offset
 * @next: the offset of the capability that the guest sees after it
 *
 * Returns: the size of the capability, in bytes; 0 of one that is not the
 * first of its id.
 */
uint8_t xen_pt_msi_start(XenPCIPassthroughState *s, uint8_t id, uint8_t base,
                         uint8_t next);

/**
 * xen_pt_msi_hidden: is this MSI or MSI-X withheld from the guest?
 * @cap: of the device's chain, any
 *
 * So is each but the first of its id: there is one of each in a function.
 */
bool xen_pt_msi_hidden(const XenPCIPassthroughState *s, const XenPTCap *cap);

/**
 * xen_pt_msi_config_read: the guest reads config space
 * @s: the device
 * @addr: 0 to 255, aligned to @len
 * @len: 1, 2 or 4 bytes
 * @value: what it reads
 *
 * Returns: false where this is neither capability's business.
 */
bool xen_pt_msi_config_read(XenPCIPassthroughState *s, uint32_t addr, int len,
                            uint32_t *value);

/**
 * xen_pt_msi_config_write: the guest writes config space
 *
 * As xen_pt_msi_config_read(). A write in a capability goes nowhere else.
 */
bool xen_pt_msi_config_write(XenPCIPassthroughState *s, uint32_t addr,
                             uint32_t value, int len);

/**
 * xen_pt_msi_settle: what came of an event
 *
 * To be called after each: the guest reads what is, and the log tells of what
 * is not as asked.
 */
void xen_pt_msi_settle(XenPTMSI *msi);

/**
 * xen_pt_msi_intx_enabled: the guest has enabled INTx in the command register
 */
void xen_pt_msi_intx_enabled(XenPCIPassthroughState *s);

/**
 * xen_pt_msi_disable: undo all that is set up; the device goes away
 */
void xen_pt_msi_disable(XenPCIPassthroughState *s);

/**
 * xen_pt_msi_class_init: add the status properties and the reset
 */
void xen_pt_msi_class_init(ObjectClass *klass);

/**
 * xen_pt_msix_region: a part of guest memory changes
 * @s: the device
 * @section: as a MemoryListener gets it
 * @adding: it comes, or it goes
 *
 * Returns: whether it is that of the MSI-X table.
 */
bool xen_pt_msix_region(XenPCIPassthroughState *s, MemoryRegionSection *section,
                        bool adding);

#endif
