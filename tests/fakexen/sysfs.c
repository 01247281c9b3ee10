/*
 * A fake Xen: the attributes of a device in sysfs
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "fakexen.h"

#include <linux/pci_regs.h>
#include <stdio.h>
#include <string.h>

/* Linux, include/linux/ioport.h */
#define IORESOURCE_IO       0x00000100
#define IORESOURCE_MEM      0x00000200
#define IORESOURCE_PREFETCH 0x00002000
#define IORESOURCE_READONLY 0x00004000
#define IORESOURCE_SIZEALIGN 0x00040000
#define IORESOURCE_MEM_64   0x00100000

static uint64_t flags(const FkBar *bar, bool rom)
{
    uint64_t f = IORESOURCE_SIZEALIGN;

    if (!bar->size) {
        return 0;
    }
    if (bar->io) {
        return f | IORESOURCE_IO | PCI_BASE_ADDRESS_SPACE_IO;
    }
    f |= IORESOURCE_MEM;
    f |= bar->mem64 ? IORESOURCE_MEM_64 | PCI_BASE_ADDRESS_MEM_TYPE_64 : 0;
    f |= bar->prefetch ? IORESOURCE_PREFETCH | PCI_BASE_ADDRESS_MEM_PREFETCH
                       : 0;
    return rom ? f | IORESOURCE_READONLY | IORESOURCE_PREFETCH : f;
}

bool fk_sysfs_text(const FkDevice *d, const char *name, char *text)
{
    size_t n = 0;

    if (!strcmp(name, "vendor")) {
        sprintf(text, "0x%04x\n", fk_get(d, PCI_VENDOR_ID, 2));
    } else if (!strcmp(name, "device")) {
        sprintf(text, "0x%04x\n", fk_get(d, PCI_DEVICE_ID, 2));
    } else if (!strcmp(name, "class")) {
        sprintf(text, "0x%06x\n", fk_get(d, PCI_CLASS_REVISION, 4) >> 8);
    } else if (!strcmp(name, "irq")) {
        sprintf(text, "%u\n", d->irq);
    } else if (!strcmp(name, "resource")) {
        for (unsigned i = 0; i < FK_MAX_BARS; i++) {
            const FkBar *bar = &d->bar[i];
            bool there = bar->size;

            n += sprintf(text + n, "0x%016llx 0x%016llx 0x%016llx\n",
                         there ? (unsigned long long)bar->base : 0,
                         there ? (unsigned long long)(bar->base + bar->size - 1)
                               : 0,
                         (unsigned long long)flags(bar, i == FK_MAX_BARS - 1));
        }
    } else {
        return false;
    }
    return true;
}
