/*
 * Xen PCI pass-through: a message that a driver copies into the device
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Some drivers read the MSI message from config space and write it to other
 * registers of the device, which then sends that message by itself. It is the
 * guest's message, which means nothing to the host. So where such a driver
 * writes the guest's message, the host's has to be written. Pure functions.
 */
#ifndef HW_XEN_PT_COPIED_H
#define HW_XEN_PT_COPIED_H

#include "hw/xen/xen_pt_msi_check.h"

/* A part of a BAR, in bytes. */
typedef struct XenPTCopiedWindow {
    unsigned bar;
    uint64_t offset, size;
} XenPTCopiedWindow;

/* What a device is to have, by its user or by its ids. */
typedef enum XenPTCopiedWant {
    XEN_PT_COPIED_NONE,
    XEN_PT_COPIED_KNOWN,        /* the ids say so: as far as it can be had */
    XEN_PT_COPIED_ASKED,        /* the user says so: or the device is not */
    XEN_PT_COPIED_WRONG,        /* what the user says is not understood */
} XenPTCopiedWant;

/**
 * xen_pt_copied_want: where does a driver write the message?
 * @text: "auto", "off" or "BAR:OFFSET:SIZE", which "@VENDOR:DEVICE" may follow;
 *        NULL: "auto"
 * @vendor, @device: the device's ids
 * @window: where, if KNOWN or ASKED; whether the device has it nobody has
 *          looked yet
 *
 * What is said of other ids leaves the device as "auto" has it.
 */
XenPTCopiedWant xen_pt_copied_want(const char *text, uint16_t vendor,
                                   uint16_t device, XenPTCopiedWindow *window);

typedef struct XenPTCopied {
    /* The message in the device; false: MSI is not on, or it is not read. */
    bool (*host)(void *opaque, XenPTMSIMessage *host);
    void *opaque;
    bool expecting;             /* an address was replaced, */
    uint64_t data_at;           /* and its data comes here */
    unsigned replaced;          /* addresses, so far */
} XenPTCopied;

/**
 * xen_pt_copied_write: what is to be written in the place of what a guest does
 * @guest: the message that the guest finds in config space
 * @at: anywhere in the window, aligned to @size
 * @size: 1, 2, 4 or 8 bytes
 * @value: what the guest writes
 *
 * An address is known by its value: a 32-bit write of its lower half, or a
 * 64-bit write of all of it. Data is a small number, so its value is no proof:
 * only what is written 8 bytes behind the last address counts, once, and only
 * if it is the guest's data. Everything else stays as it is.
 *
 * The upper half of the address alone is never looked at. It is 0 in the
 * device, as in the guest but for requests for a pirq, and drivers have other
 * bits beside it.
 */
uint64_t xen_pt_copied_write(XenPTCopied *c, const XenPTMSIMessage *guest,
                             uint64_t at, unsigned size, uint64_t value);

#endif
