/*
 * The system that xen-pt-msi-allow runs on, for its test
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef DOM0_FAKE_H
#define DOM0_FAKE_H

/* What goes wrong with pciback's attribute; $FAKE_FAULTS is a sum of these */
typedef enum FakeFault {
    FAKE_NOT_ROOT = 1,      /* it cannot be opened for writing */
    FAKE_RELEASED = 2,      /* the device is let go before the write */
    FAKE_REFUSED = 4,       /* a write fails with ENXIO */
    FAKE_LOST = 8,          /* a write succeeds and does nothing */
    FAKE_SHORT = 16,        /* a write does its work, but says it did not */
} FakeFault;

#endif
