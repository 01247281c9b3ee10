/*
 * pciback's side of the permission, in sysfs
 *
 * Copyright (c) 2026 The xen-pt-msi authors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "attribute.h"
#include "device.h"
#include "pciback.h"
#include "path.h"
#include "shown.h"

#define PERMISSIVE_ALL "/sys/module/xen_pciback/parameters/permissive"

bool pciback_here(void)
{
    if (access(path_to(PCIBACK).text, F_OK) == 0) {
        return true;
    }
    warnx("no pciback driver in this kernel (there is no %s); in dom0, run: "
          "modprobe xen-pciback", PCIBACK);
    return false;
}

bool pciback_supports(void)
{
    struct utsname kernel;

    if (access(path_to(PCIBACK_ATTRIBUTE).text, F_OK) == 0) {
        return true;
    }
    uname(&kernel);
    warnx("pciback of this kernel, Linux %s, has no allow_interrupt_control; "
          "Linux 5.6 and newer have it", kernel.release);
    return false;
}

int pciback_owns(const Bdf *bdf, bool quiet)
{
    Path link = path_to(DEVICES "/%s/driver", bdf->text);
    char driver[PATH_MAX];
    ssize_t n = readlink(link.text, driver, sizeof(driver) - 1);
    const char *name;

    if (n < 0 && errno != ENOENT) {
        warn("%s: cannot find out its driver", bdf->text);
        return -1;
    }
    driver[n < 0 ? 0 : n] = '\0';
    name = strrchr(driver, '/');
    name = name ? name + 1 : driver;
    if (strcmp(name, "pciback") == 0) {
        return 1;
    }
    if (quiet) {
        return 0;
    }
    if (*name) {
        warnx("%s: it belongs to the driver %s, not to pciback; run: "
              "xl pci-assignable-add %s", bdf->text, shown(name).text,
              bdf->text);
    } else if (device_exists(bdf)) {
        warnx("%s: no driver is bound to it, not even pciback; run: "
              "xl pci-assignable-add %s", bdf->text, bdf->text);
    } else {
        warnx("%s: there is no such PCI device; \"lspci -D\" lists them",
              bdf->text);
    }
    return 0;
}

int pciback_devices(Bdf **list)
{
    DIR *dir = opendir(path_to(PCIBACK).text);
    struct dirent *entry;
    Bdf bdf, *more;
    int n = 0;

    *list = NULL;
    if (!dir) {
        return -1;
    }
    for (errno = 0; (entry = readdir(dir)); errno = 0) {
        if (!bdf_parse(&bdf, entry->d_name)) {
            continue;
        }
        more = realloc(*list, (n + 1) * sizeof(bdf));
        if (!more) {
            break;
        }
        *list = more;
        more[n++] = bdf;
    }
    if (errno) {
        free(*list);
        *list = NULL;
        n = -1;
    } else if (n) {
        qsort(*list, n, sizeof(bdf), bdf_compare);
    }
    closedir(dir);
    return n;
}

/* Is the device one of those that the attribute lists, one a line? */
static int listed(const char *path, const Bdf *bdf)
{
    char text[ATTRIBUTE_MAX + 1], *next = text, *line;

    if (attribute_read(path, text) < 0) {
        return -1;
    }
    while ((line = strsep(&next, "\n"))) {
        if (strcmp(line, bdf->text) == 0) {
            return 1;
        }
    }
    return 0;
}

int pciback_allowed(const Bdf *bdf)
{
    return listed(PCIBACK_ATTRIBUTE, bdf);
}

bool pciback_allow(const Bdf *bdf, bool dry_run)
{
    int fd = open(path_to(PCIBACK_ATTRIBUTE).text, O_WRONLY | O_CLOEXEC);
    size_t size = strlen(bdf->text);
    ssize_t n;
    int error;

    if (fd < 0) {
        return false;
    }
    /* The driver is given what one write brings, so a short one is none. */
    n = dry_run ? (ssize_t)size : write(fd, bdf->text, size);
    error = n < 0 ? errno : EIO;
    close(fd);
    errno = error;
    return n == (ssize_t)size;
}

int pciback_permissive(const Bdf *bdf)
{
    char all[ATTRIBUTE_MAX + 1];

    if (attribute_read(PERMISSIVE_ALL, all) > 0 && all[0] == 'Y') {
        return 1;
    }
    return listed(PCIBACK "/permissive", bdf);
}
