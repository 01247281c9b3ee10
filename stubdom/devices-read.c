/*
 * The passed-through devices, read from where dom0 and the kernel describe them
 *
 * Copyright (c) 2026 The xen-pt-msi authors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Nothing here is from where QEMU could have changed it: pciback's part of
 * xenstore belongs to dom0 (this domain's own part says where that is, but that
 * QEMU may write), and sysfs and the interrupt line are not QEMU's to write.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <linux/pci_regs.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include "devices.h"
#include "store.h"

#define PAGE_MASK 0xfffULL
#define CLASS_DISPLAY 0x03
#define CLASS_SHIFT 16
#define NO_LINE 0xff
#define SLOT_SHIFT 3
/* linux/ioport.h, which is not for programs */
#define IORESOURCE_IO 0x100
#define IORESOURCE_MEM 0x200

/* What a display has besides its BARs, see xen_pt_graphics.c */
static const Range legacy_vga[] = {
    { 0xa0000, 0xbffff, false }, { 0x3b0, 0x3bb, true },
    { 0x3c0, 0x3df, true },
};

bool devices_parse_resource(const char *line, Range *r)
{
    uint64_t first, last, flags;

    if (sscanf(line, "%" SCNx64 " %" SCNx64 " %" SCNx64, &first, &last,
               &flags) != 3 ||
        !(flags & (IORESOURCE_IO | IORESOURCE_MEM)) || !first || last < first) {
        return false;
    }
    *r = (Range) { first, last, flags & IORESOURCE_IO };
    return true;
}

bool devices_read_ram(const char *iomem, Ram *ram)
{
    FILE *f = fopen(iomem, "re");
    char line[128];
    bool ok = f;

    ram->n = 0;
    while (ok && fgets(line, sizeof(line), f)) {
        Range r = { 0 };

        if (!strstr(line, " : System RAM")) {
            continue;
        }
        ok = ram->n < DEVICES_RAM_MAX &&
             sscanf(line, "%" SCNx64 "-%" SCNx64, &r.first, &r.last) == 2 &&
             r.last > r.first;
        if (ok) {
            ram->ranges[ram->n++] = r;
        }
    }
    if (f) {
        fclose(f);
    }
    return ok && ram->n;
}

static bool is_ram(const Ram *ram, const Range *r)
{
    for (const Range *i = ram->ranges; i < ram->ranges + ram->n; i++) {
        if (r->first <= (i->last | PAGE_MASK) &&
            (r->last | PAGE_MASK) >= i->first) {
            return true;
        }
    }
    return false;
}

bool devices_may_map(const char *path, const Ram *ram)
{
    const size_t n = strlen(path) - 1;      /* but for the number */
    char name[256], line[128];
    bool ok = false;
    Range r;
    FILE *f;

    snprintf(name, sizeof(name), "%.*s", (int)n, path);
    f = fopen(name, "re");
    if (f) {
        for (int i = path[n] - '0'; i >= 0 && fgets(line, sizeof(line), f);
             i--) {
            ok = i == 0 && devices_parse_resource(line, &r) &&
                 (r.io || !is_ram(ram, &r));
        }
        fclose(f);
    }
    return ok;
}

static FILE *open_file(const char *sysfs, const char *local, const char *name)
{
    char path[256];

    snprintf(path, sizeof(path), "%s/%s/%s", sysfs, local, name);
    return fopen(path, "re");
}

static void read_ranges(FILE *resource, Device *d)
{
    char line[128];

    /* After the ROM come the windows of a bridge. */
    for (int i = 0; i < DEVICE_BARS && fgets(line, sizeof(line), resource);
         i++) {
        if (devices_parse_resource(line, &d->ranges[d->n_ranges])) {
            d->n_ranges++;
        }
    }
}

static bool is_display(const char *sysfs, const char *local)
{
    FILE *f = open_file(sysfs, local, "class");
    unsigned class = 0;

    if (f) {
        if (fscanf(f, "%x", &class) != 1) {
            class = 0;
        }
        fclose(f);
    }
    return class >> CLASS_SHIFT == CLASS_DISPLAY;
}

/*
 * "irq" in sysfs is a number of this kernel's. pciback answers a read of the
 * interrupt line with that of the machine.
 */
static uint8_t read_line(const char *sysfs, const char *local)
{
    uint8_t line = NO_LINE;
    char path[256];
    int fd;

    snprintf(path, sizeof(path), "%s/%s/config", sysfs, local);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd >= 0) {
        if (pread(fd, &line, 1, PCI_INTERRUPT_LINE) != 1) {
            line = NO_LINE;
        }
        close(fd);
    }
    return line == NO_LINE ? 0 : line;
}

bool devices_read_one(const char *sysfs, const char *local, Device *d)
{
    FILE *resource = open_file(sysfs, local, "resource");

    d->n_ranges = 0;
    if (!resource) {
        return false;
    }
    read_ranges(resource, d);
    fclose(resource);
    if (is_display(sysfs, local)) {
        memcpy(&d->ranges[d->n_ranges], legacy_vga, sizeof(legacy_vga));
        d->n_ranges += sizeof(legacy_vga) / sizeof(legacy_vga[0]);
    }
    d->line = read_line(sysfs, local);
    return true;
}

static bool parse_name(const char *name, Device *d)
{
    unsigned segment, bus, slot, function;
    int end = 0;

    /* sscanf() alone takes signs and "0x" too. */
    if (name[strspn(name, "0123456789abcdefABCDEF:.")] ||
        sscanf(name, "%x:%x:%x.%x%n", &segment, &bus, &slot, &function,
               &end) != 4 || name[end] || segment > 0xffff || bus > 0xff ||
        slot > 0x1f || function > 7) {
        return false;
    }
    d->segment = segment;
    d->bus = bus;
    d->devfn = slot << SLOT_SHIFT | function;
    return true;
}

/* The names in xenstore have no leading zeros that matter; those here do. */
static bool read_named(const char *sysfs, const char *host, const char *local,
                       Device *d)
{
    char name[32];

    if (!parse_name(local, d)) {
        return false;
    }
    snprintf(name, sizeof(name), "%04x:%02x:%02x.%x", d->segment, d->bus,
             d->devfn >> SLOT_SHIFT, d->devfn & 7);
    return parse_name(host, d) && devices_read_one(sysfs, name, d);
}

void devices_read(Devices *d, unsigned domid, const char *sysfs)
{
    char host[STORE_NAME_MAX], local[STORE_NAME_MAX];
    StorePciDevices s;

    d->n = 0;
    if (!store_pci_open(&s, domid)) {
        return;
    }
    while (store_pci_next(&s, host, local)) {
        if (d->n == DEVICES_MAX) {
            break;
        }
        if (read_named(sysfs, host, local, &d->list[d->n])) {
            d->n++;
        }
    }
    store_pci_close(&s);
}
