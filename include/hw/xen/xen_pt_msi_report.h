/*
 * Xen PCI pass-through: what the operator is told of MSI and MSI-X
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_XEN_PT_MSI_REPORT_H
#define HW_XEN_PT_MSI_REPORT_H

#include "hw/xen/xen_pt_msi.h"

/**
 * xen_pt_msi_report: warn of what has gone wrong since the last call
 *
 * Once per device and step, with what to do about it: a guest that repeats
 * what it did repeats nothing in the log.
 */
void xen_pt_msi_report(XenPTMSI *msi);

/**
 * xen_pt_msi_warn_broken: warn of a capability that a guest cannot be shown
 * @how: what is wrong with it, a verb and its rest
 */
void xen_pt_msi_warn_broken(const XenPTMSI *msi, const char *how);

/**
 * xen_pt_msi_report_class_init: add the properties that show the status
 *
 * msi-status and msix-status, both read-only.
 */
void xen_pt_msi_report_class_init(ObjectClass *klass);

#endif
