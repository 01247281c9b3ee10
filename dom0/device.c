/*
 * What sysfs says of a PCI device, whoever owns it
 *
 * Copyright (c) 2026 The xen-pt-msi authors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "attribute.h"
#include "device.h"
#include "path.h"

bool device_exists(const Bdf *bdf)
{
    return access(path_to(DEVICES "/%s", bdf->text).text, F_OK) == 0;
}

/* Linux prints buses in decimal, and identities in hexadecimal with "0x". */
static bool read_number(const Bdf *bdf, const char *attribute, unsigned *n)
{
    char path[sizeof(DEVICES) + 64], text[ATTRIBUTE_MAX + 1], *end;

    snprintf(path, sizeof(path), DEVICES "/%s/%s", bdf->text, attribute);
    if (attribute_read(path, text) < 0) {
        return false;
    }
    *n = strtoul(text, &end, 0);
    if (end == text || *end != '\n') {
        errno = EIO;
        return false;
    }
    return true;
}

bool device_below(Bdf *bdf, const Bdf *bridge, const char *slot)
{
    unsigned bus;
    Bdf below;

    /* What is no bridge has no such attribute. */
    if (!read_number(bridge, "secondary_bus_number", &bus)) {
        return false;
    }
    /* One whose bus has no number yet says 0, where other devices are. */
    if (!bdf_on_bus(&below, bridge, bus, slot) ||
        access(path_to(DEVICES "/%s/%s", bridge->text, below.text).text,
               F_OK) < 0) {
        errno = ENOENT;
        return false;
    }
    *bdf = below;
    return true;
}

bool device_identity(const Bdf *bdf, Identity *identity)
{
    unsigned vendor, device;

    /* From Linux, not from the registers: a virtual function has none there. */
    if (!read_number(bdf, "vendor", &vendor) ||
        !read_number(bdf, "device", &device)) {
        return false;
    }
    snprintf(identity->text, sizeof(identity->text), "%04x:%04x",
             vendor & 0xffff, device & 0xffff);
    return true;
}

/*
 * The path of BDF, which is empty where there is none. LINK, which is cut up,
 * is where the device is in sysfs: below its bridges, one in the other.
 */
static void find_path(const Bdf *bdf, char *link, char path[NAME_PATH_SIZE])
{
    char *word, *rest;
    Bdf last, next;
    size_t n = 0;

    for (word = strtok_r(link, "/", &rest); word && n < NAME_PATH_SIZE;
         word = strtok_r(NULL, "/", &rest)) {
        if (!bdf_parse(&next, word)) {
            n = 0;
        } else if (n == 0) {
            n = snprintf(path, NAME_PATH_SIZE, "%s", next.text);
            last = next;
        } else if (device_below(&last, &last, bdf_slot(&next))) {
            n += snprintf(path + n, NAME_PATH_SIZE - n, "/%s", bdf_slot(&next));
        } else {
            break;
        }
    }
    if (word || n == 0 || n >= NAME_PATH_SIZE || bdf_compare(&last, bdf)) {
        path[0] = '\0';
    }
}

bool device_name(const Bdf *bdf, Name *name)
{
    char link[PATH_MAX];
    ssize_t n = readlink(path_to(DEVICES "/%s", bdf->text).text, link,
                         sizeof(link) - 1);

    memset(name, 0, sizeof(*name));
    if (n < 0 || !device_identity(bdf, &name->identity)) {
        return false;
    }
    link[n] = '\0';
    find_path(bdf, link, name->path);
    if (!*name->path) {
        strcpy(name->path, bdf->text);
    }
    return true;
}
