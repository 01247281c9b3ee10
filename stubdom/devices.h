/*
 * The passed-through devices, as dom0 and the kernel describe them
 *
 * Copyright (c) 2026 The xen-pt-msi authors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef STUBDOM_DEVICES_H
#define STUBDOM_DEVICES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DEVICES_MAX 64
/* With the ROM; and what legacy VGA adds */
#define DEVICE_BARS 7
#define DEVICE_RANGES (DEVICE_BARS + 3)

/* A part of the machine's memory, or of its ports */
typedef struct Range {
    uint64_t first, last;
    bool io;
} Range;

typedef struct Device {
    /* What Xen calls it; in this domain its name may be another. */
    uint32_t segment;
    uint8_t bus, devfn;
    /* The machine's interrupt line, 0: none */
    uint8_t line;
    Range ranges[DEVICE_RANGES];
    size_t n_ranges;
} Device;

/* Where this domain has memory */
#define DEVICES_RAM_MAX 64

typedef struct Ram {
    Range ranges[DEVICES_RAM_MAX];
    size_t n;
} Ram;

typedef struct Devices {
    Device list[DEVICES_MAX];
    size_t n;
} Devices;

/*
 * Read one line of sysfs's "resource" file. Returns false, and leaves R alone,
 * if there is no memory and no port in it.
 */
bool devices_parse_resource(const char *line, Range *r);

/*
 * Read from IOMEM (/proc/iomem) where this domain has memory. Returns false if
 * that cannot be known.
 */
bool devices_read_ram(const char *iomem, Ram *ram);

/*
 * May QEMU map the BAR that is PATH, a file such as .../0000:00:01.0/resource0?
 * False if it has no address, or one where this domain has memory: QEMU can
 * make pcifront believe in a device that somebody else plays.
 */
bool devices_may_map(const char *path, const Ram *ram);

/*
 * Read from SYSFS (/sys/bus/pci/devices) what the device LOCAL, a name such as
 * 0000:00:01.0, has. Returns false if there is no such device (yet).
 */
bool devices_read_one(const char *sysfs, const char *local, Device *d);

/*
 * Forget D, and read anew what pciback has for this domain, DOMID. A name that
 * is none is left out, and so is what is more than DEVICES_MAX: without a word,
 * for QEMU can have it done as often as it likes.
 */
void devices_read(Devices *d, unsigned domid, const char *sysfs);

/* The device that Xen calls so, or NULL */
const Device *devices_find(const Devices *d, uint32_t segment, uint8_t bus,
                           uint8_t devfn);

/* Is LINE the interrupt line of one of them? */
bool devices_have_line(const Devices *d, int line);

/*
 * Is all from FIRST to LAST in a range of one of them, ONLY if that is given?
 * Memory is looked at as whole pages.
 */
bool devices_have_range(const Devices *d, const Device *only, uint64_t first,
                        uint64_t last, bool io);

#endif
