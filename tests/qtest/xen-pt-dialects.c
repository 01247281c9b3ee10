/*
 * QTest: guests, and what their drivers do to MSI and MSI-X
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "xen-pt-diff.h"

/*
 * The order in which a driver touches MSI and MSI-X, as the source has it:
 *
 * linux, linux-pv
 *     Linux 6.1 to 6.12, drivers/pci/msi/msi.c: msi_capability_init(),
 *     msix_capability_init(), __pci_write_msi_msg(), the shutdowns, and
 *     __pci_restore_msi_state(). With event channels (arch/x86/pci/xen.c)
 *     pci_msi_ignore_mask is set: no mask bit is ever touched.
 * linux-64
 *     The same, with the table written by 64 bits, as PCI 3.0, 6.8.2 lets
 *     software do.
 * freebsd
 *     FreeBSD 12 and 13, sys/dev/pci/pci.c: pci_alloc_msi_method(),
 *     pci_enable_msi_method(), pci_alloc_msix_method(), which masks the table
 *     and enables before there is a message, pci_setup_intr(),
 *     pci_release_msi_method(), pci_remap_intr_method(), pci_resume_msi(),
 *     pci_resume_msix().
 * openbsd
 *     OpenBSD, sys/arch/amd64/pci/pci_machdep.c 1.81 (January 2025):
 *     msi_allocidtvec(), msi_addroute(), msix_addroute(), which unmasks before
 *     it enables, msix_delroute(), which masks and leaves MSI-X on. Whenever
 *     it uses the table, pci_msix_table_map() measures the BAR once more.
 *     Resume is pci_resume() and pci_resume_msix() of sys/dev/pci/pci.c.
 * netbsd
 *     NetBSD, sys/arch/x86/pci/msipic.c 1.14 (June 2019): msi_addroute(),
 *     msi_set_msictl_enablebit(), msix_addroute(), msix_set_vecctl_mask();
 *     called by intr_establish_xname(), intr_disestablish_xcall() and
 *     intr_set_affinity() of sys/arch/x86/x86/intr.c 1.116 (January 2018).
 *     MSI is masked by disabling it; MSI-X stays on. How it resumes is not
 *     known.
 * illumos
 *     illumos-gate, usr/src/uts/i86pc/io: apix/apix_utils.c has
 *     apix_pci_msi_enable_vector(), apix_pci_msi_enable_mode() and
 *     apix_disable_vector(), pcplusmp/apic_common.c
 *     apic_pci_msi_unconfigure(), which clears a message while MSI-X is on;
 *     to another CPU it goes by apix_set_cpu() and apix_grp_set_cpu(). On Xen
 *     apic_check_msi_support() has it use INTx, unless the bus is PCI Express.
 *     How it resumes is not known.
 * haiku
 *     Haiku, src/add-ons/kernel/bus_managers/pci/pci.cpp (August 2026):
 *     PCI::ConfigureMSI(), PCI::EnableMSI(), PCI::ConfigureMSIX(),
 *     PCI::EnableMSIX(), PCI::DisableMSI(), PCI::UnconfigureMSI(). It writes a
 *     message once, and never moves it.
 * windows
 *     There is no source. What is known of MSI-X is in two changes of Xen:
 *     bd6ad54403 ("x86/MSI-X: correctly track interrupt masking state") says
 *     that Windows enables only after all vectors are set up and unmasked,
 *     854c6aab46 ("x86/vMSI-X: also snoop REP MOVS") that it writes an entry by
 *     one string instruction. All else is a guess.
 * windows-masked
 *     A guess as a whole: all is masked until an interrupt is connected.
 *
 * Of INTx: the PCI code of OpenBSD, NetBSD and illumos leaves INTX_DISABLE as
 * it finds it. For a driver that wants INTx it is cleared by FreeBSD
 * (pci_setup_intr()), and by the drivers of Haiku.
 */
const XenPTDialect xen_pt_dialects[] = {
    {
        .name = "linux-pv",
        .pv = true,
        .load = {
            "off vectors qsize messages intx-off on",
            "on-masked vectors messages intx-off unmaskall",
        },
        .unload = { "off intx-on", "off intx-on" },
        .resume = {
            "intx-off off qsize messages on",
            "intx-off on-masked messages unmaskall",
        },
    },
    {
        .name = "linux",
        .load = {
            "off vectors mask qsize messages intx-off on unmask",
            "on-masked vectors messages intx-off mask-table unmaskall unmask",
        },
        .unload = { "off intx-on unmask", "mask off intx-on" },
        .resume = {
            "intx-off off qsize messages masks on",
            "intx-off on-masked messages masks unmaskall",
        },
        .move = { "new-messages", "new-messages" },
    },
    {
        .name = "linux-64",
        .load = {
            NULL,
            "on-masked vectors messages-64 intx-off mask-table unmaskall "
            "unmask-64",
        },
        .unload = { NULL, "mask off intx-on" },
        .resume = { NULL, "intx-off on-masked messages-64 masks unmaskall" },
        .move = { NULL, "new-messages-64" },
    },
    {
        .name = "freebsd",
        .caches = true,
        .load = {
            "vectors qsize messages on intx-off",
            "mask-table on vectors each:messages+unmask+intx-off",
        },
        .unload = { "off qsize", "mask off" },
        .resume = { "messages on", "mask-table each:messages+unmask on" },
        .move = { "off new-messages on", "new-messages" },
    },
    {
        .name = "openbsd",
        .dwords = true,
        .plain = true,
        .keeps_intx = true,
        .load = {
            "vectors qsize data messages on",
            "vectors each:size-bar+messages+unmask+on+size-bar+unmask",
        },
        .unload = { "off", "each:size-bar+mask+size-bar+mask" },
        .resume = { "bars messages on", "bars size-bar whole-table on" },
    },
    {
        .name = "netbsd",
        .dwords = true,
        .plain = true,
        .keeps_intx = true,
        .load = {
            "vectors off messages on on",
            "vectors each:mask+messages+unmask+on+unmask",
        },
        .unload = { "off off", "each:mask+mask" },
        .move = {
            "off off new-messages on on",
            "each:mask+mask+new-messages+unmask+on+unmask",
        },
    },
    {
        .name = "illumos",
        .plain = true,
        .keeps_intx = true,
        .load = {
            "vectors qsize reserved address data on",
            "vectors each:data+address+unmask+on",
        },
        .unload = { "off", "each:mask+zero off" },
        .move = {
            "mask-ones renew reserved address data unmask",
            "each:mask+renew+data+address+unmask+unmask",
        },
    },
    {
        .name = "haiku",
        .caches = true,
        .plain = true,
        .load = {
            "vectors messages qsize intx-off on",
            "vectors memory each:mask+messages+unmask intx-off on",
        },
        .unload = { "off qsize", "off off mask" },
    },
    {
        .name = "windows",
        .load = {
            "intx-off vectors qsize messages on",
            "intx-off vectors each:messages+unmask on",
        },
        .unload = { "off intx-on", "mask off intx-on" },
        .resume = { "off messages on", "off each:messages+unmask on" },
        .move = { "off new-messages on", "new-messages" },
    },
    {
        .name = "windows-masked",
        .load = {
            NULL,
            "intx-off mask-table vectors messages on-masked unmask unmaskall",
        },
        .unload = { NULL, "mask off intx-on" },
        .resume = { NULL, "off messages on-masked masks unmaskall" },
        .move = { NULL, "new-messages" },
    },
    { 0 }
};
