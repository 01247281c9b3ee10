# SPDX-License-Identifier: GPL-2.0-or-later
#
# What an HVM guest is offered by a QEMU that runs in a stub domain: the i440fx
# machine with IDE, serial ports and the Xen devices (selected by it), the
# displays and NICs that libxl names by default, a USB tablet.
CONFIG_I440FX=y
CONFIG_VGA_PCI=y
CONFIG_VGA_CIRRUS=y
CONFIG_RTL8139_PCI=y
CONFIG_E1000_PCI=y
CONFIG_USB_HID=y
CONFIG_XEN_IGD_PASSTHROUGH=y
