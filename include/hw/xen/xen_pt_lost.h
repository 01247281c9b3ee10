/*
 * Xen PCI pass-through: reads that did not reach the device
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_XEN_PT_LOST_H
#define HW_XEN_PT_LOST_H

/**
 * xen_pt_lost: may this read of config space have been lost?
 * @rc: what came of it, 0 or a negative errno
 * @value: what it gave
 * @len: in bytes
 *
 * pcifront reports no failure: it gives all-ones. A register may hold that, so
 * only a second read tells, and that is the rule: a read that may have been
 * lost is made once more. The second answer stands. Where the first was merely
 * late the second gets it, which is right because it asks the same.
 */
bool xen_pt_lost(int rc, const void *value, int len);

#endif
