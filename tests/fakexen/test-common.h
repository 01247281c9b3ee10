/*
 * Tests of the fake Xen: what they have in common
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef FAKEXEN_TEST_COMMON_H
#define FAKEXEN_TEST_COMMON_H

#include "fakexen.h"

#include <errno.h>
#include <glib.h>
#include <linux/pci_regs.h>
#include <string.h>

#define MSI 0x50        /* where the test device has its capabilities */
#define MSIX 0x70
#define PM 0x80
#define TABLE 0x1010    /* the MSI-X table in BAR 0, 4 entries, */
#define PBA 0x2000      /* and their pending bits */

/* A command that must be right. */
static inline void say(const char *line)
{
    char error[FK_ERROR_MAX] = "";

    if (!fk_command(line, error)) {
        g_error("%s: %s", line, error);
    }
}

/* The journal since the last time, exactly. */
#define expect(text) do { \
        char *expect_text = fk_journal_take(); \
        g_assert_cmpstr(expect_text, ==, text); \
        free(expect_text); \
    } while (0)

static inline void forget(void)
{
    free(fk_journal_take());
}

static inline void put(uint8_t *p, unsigned len, uint32_t value)
{
    for (unsigned i = 0; i < len; i++) {
        p[i] = value >> (8 * i);
    }
}

/* One device with PM, MSI (64 bits, @flags besides) and MSI-X. */
static inline FkDevice *new_device(uint16_t flags)
{
    FkDump *dump = g_new0(FkDump, 1);
    FkDevice *d;
    uint8_t *c = dump->config;

    fk_init();
    dump->bdf = (FkBdf) { 0, 0, 5, 0 };
    dump->size = 256;
    dump->irq = 17;
    put(c + PCI_VENDOR_ID, 4, 0x29228086);
    put(c + PCI_COMMAND, 2, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
    put(c + PCI_STATUS, 2, PCI_STATUS_CAP_LIST);
    put(c + PCI_BASE_ADDRESS_0, 4, 0xfeb80004);
    put(c + PCI_BASE_ADDRESS_1, 4, 0x12);
    put(c + PCI_BASE_ADDRESS_2, 4, 0xc0e1);
    dump->bar[0].size = 0x4000;
    c[PCI_CAPABILITY_LIST] = PM;
    put(c + PM, 4, 0xc9c20001 | MSI << 8);
    put(c + MSI, 4, (uint32_t)(PCI_MSI_FLAGS_64BIT | flags) << 16 |
        MSIX << 8 | PCI_CAP_ID_MSI);
    put(c + MSIX, 4, 0x0003 << 16 | PCI_CAP_ID_MSIX);
    put(c + MSIX + PCI_MSIX_TABLE, 4, TABLE);
    put(c + MSIX + PCI_MSIX_PBA, 4, PBA);

    d = fk_device_add();
    fk_device_init(d, dump);
    g_free(dump);
    forget();
    return d;
}

static inline uint16_t control(const FkDevice *d)
{
    return fk_get(d, MSI + PCI_MSI_FLAGS, 2);
}

static inline uint16_t control_x(const FkDevice *d)
{
    return fk_get(d, MSIX + PCI_MSIX_FLAGS, 2);
}

/* Map an entry of the MSI-X table: its pirq. */
static inline int map_entry(const FkDevice *d, int entry)
{
    int pirq = -1;

    g_assert_cmpint(fk_map_pirq_msi(&d->bdf, entry, d->bar[0].base, &pirq),
                    ==, 0);
    return pirq;
}

#endif
