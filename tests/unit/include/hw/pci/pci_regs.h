/*
 * PCI's registers, as QEMU's header of this name has them
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_PCI_REGS_H
#define HW_PCI_REGS_H

#include <linux/pci_regs.h>

#endif
