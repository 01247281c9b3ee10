/*
 * Files: of the image, of /sys, of /dev, of the device
 *
 * Copyright (c) 2026 The xen-pt-msi authors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <ftw.h>
#include <glob.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "evil.h"

#define DEVICE "/sys/bus/pci/devices/*/"
/* A register of its own: what the firmware has left there, QEMU writes too. */
#define CACHE_LINE 0x0c

static unsigned n_files, n_directories;
static long found;
static bool directories;

static bool may(const char *path)
{
    /* Anybody may write these; and those that init opens for QEMU. */
    static const char *const names[] = {
        "/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom",
        "/dev/xen/privcmd", "/dev/xen/evtchn", "/dev/xen/gntdev",
        "/dev/xen/xenbus", "/dev/xvd*", "/dev/hvc[3-9]",
    };

    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        if (fnmatch(names[i], path, FNM_PATHNAME) == 0) {
            return true;
        }
    }
    return false;
}

static int look(const char *path, const struct stat *st, int type,
                struct FTW *at)
{
    const int ways[] = { O_WRONLY, O_RDWR, O_RDONLY };
    char file[512];

    (void)at;
    if (type == FTW_D && directories) {
        n_directories++;
        snprintf(file, sizeof(file), "%s/evil", path);
        if (syscall(SYS_openat, AT_FDCWD, file, O_RDWR | O_CREAT, 0600) >= 0) {
            note("%s can be made", file);
            found = 0;
        }
    } else if (!directories && (type == FTW_F || type == FTW_NS) &&
               !S_ISLNK(st->st_mode) && !may(path)) {
        /* The kernel's memory and settings may not be read either. */
        size_t n = fnmatch("/dev/*", path, 0) == 0 ? 3 : 2;

        n_files++;
        for (size_t i = 0; i < n; i++) {
            int fd = open_file(path, ways[i] | O_NONBLOCK | O_NOCTTY);

            if (fd >= 0) {
                note("%s can be opened", path);
                found = 0;
                close(fd);
            }
        }
    }
    return 0;
}

static long walk(const char *top)
{
    found = -EACCES;
    nftw(top, look, 16, FTW_PHYS);
    if (directories) {
        note("%u directories below %s", n_directories, top);
    } else {
        note("%u files below %s", n_files, top);
    }
    return found;
}

static long write_sys(void)
{
    return walk("/sys");
}

static long write_dev(void)
{
    return walk("/dev");
}

static long write_image(void)
{
    static const char *const tops[] = { "/bin", "/etc", "/lib", "/lib64",
                                        "/usr", "/run", "/init", "/proc" };

    for (size_t i = 0; i < ARRAY_SIZE(tops); i++) {
        if (walk(tops[i]) >= 0) {
            return 0;
        }
    }
    return found;
}

static long new_files(void)
{
    directories = true;
    return walk("/");
}

static long proc(void)
{
    static const char *const names[] = {
        "/proc/kmsg", "/proc/kallsyms", "/proc/1/mem", "/proc/sys/kernel/panic",
        "/proc/self/maps", "/proc/sysrq-trigger", "/proc/xen/capabilities",
    };
    long rc = -ENOENT;

    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        rc = open_file(names[i], O_RDONLY);
        if (rc >= 0) {
            note("%s", names[i]);
            return 0;
        }
    }
    return rc;
}

static long nodes(void)
{
    static const char *const names[] = {
        "/dev/mem", "/dev/kmsg", "/dev/port", "/dev/console", "/dev/tty",
        "/dev/tty0", "/dev/hvc0", "/dev/hvc1", "/dev/hvc2", "/dev/ptmx",
        "/dev/loop-control", "/dev/fuse", "/dev/kvm", "/dev/net/tun",
        "/dev/cpu/0/msr", "/dev/nvram", "/dev/snapshot", "/dev/vport0p1",
        "/dev/xen/xenbus_backend", "/dev/xen/gntalloc", "/dev/mcelog",
    };
    long rc = -ENOENT;

    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        rc = open_file(names[i], O_RDONLY | O_NONBLOCK | O_NOCTTY);
        if (rc >= 0) {
            note("%s", names[i]);
            return 0;
        }
    }
    return rc;
}

static long make_node(void)
{
    return result(syscall(SYS_mknodat, AT_FDCWD, "/run/mem", S_IFCHR | 0600,
                          0x101));
}

/* Paths that a pattern might take for the device's */
static long odd_paths(void)
{
    static const char *const names[] = {
        "/sys/bus/pci/devices/0000:00:00.0/../../../../../init",
        "/sys/bus/pci/devices/0000:00:00.0/../drivers_autoprobe",
        "/sys/bus/pci/devices/0000:00:00.0/remove",
        "/sys/bus/pci/devices/0000:00:00.0/reset",
        "/sys/bus/pci/devices/0000:00:00.0/driver_override",
        "/sys/bus/pci/devices/0000:00:00.0/enable",
        "/sys/bus/pci/devices/0000:00:00.0/msi_bus",
        "/sys/bus/pci/devices/0000:00:00.0/config/",
        "/sys/bus/pci/devices/0000:00:00.0/resource",
        "/sys/bus/pci/rescan", "/sys/bus/pci/drivers_autoprobe",
        "/sys/devices/system/cpu/cpu0/online", "/sys/kernel/uevent_helper",
        "/sys/module/xen_privcmd/parameters/unrestricted", "/sys/power/state",
        "/dev/xvda/../../init", "/dev/xvd?", "/dev/xvd[a-z]", "/dev/hvc3/",
    };
    long rc = -ENOENT;

    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        rc = open_file(names[i], O_WRONLY | O_NONBLOCK);
        if (rc >= 0) {
            note("%s", names[i]);
            return 0;
        }
    }
    return rc;
}

/* The first of the device's files of that name, or -errno */
static int device_file(const char *name, int flags)
{
    char pattern[128];
    glob_t g;
    int fd;

    snprintf(pattern, sizeof(pattern), DEVICE "%s", name);
    if (glob(pattern, 0, NULL, &g)) {
        return -ENOENT;
    }
    fd = open_file(g.gl_pathv[0], flags);
    globfree(&g);
    return fd;
}

static long config(void)
{
    uint8_t byte;
    int fd = device_file("config", O_RDWR);

    if (fd < 0) {
        return fd;
    }
    return pread(fd, &byte, 1, CACHE_LINE) == 1 &&
           pwrite(fd, &byte, 1, CACHE_LINE) == 1 &&
           pread(fd, &byte, 1, 0x80) == 1 ? 0 : -errno;
}

static long other_config(void)
{
    glob_t g;
    size_t n;

    if (glob(DEVICE "config", 0, NULL, &g)) {
        return -ENOENT;
    }
    n = g.gl_pathc;
    globfree(&g);
    note("%zu device%s in /sys/bus/pci", n, n == 1 ? "" : "s");
    return n == 1 ? -ENOENT : 0;
}

static long own_memory(void)
{
    int fd = device_file("resource5", O_RDWR);

    if (fd < 0) {
        return fd;
    }
    return result((long)mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED,
                             fd, 0));
}

/* More of the file than the BAR has */
static long more_memory(void)
{
    int fd = device_file("resource5", O_RDWR);

    return result((long)mmap(NULL, 16 * PAGE, PROT_READ | PROT_WRITE,
                             MAP_SHARED, fd, 0));
}

static const Attempt attempts[] = {
    ALLOWED("config space of its device",
            "pciback decides what may be written there", config),
    REFUSED("config space of another device", other_config),
    ALLOWED("memory of its device", "QEMU reads the tables that are there",
            own_memory),
    REFUSED("memory beyond its device's BAR", more_memory),
    REFUSED("each file of /sys, to be written", write_sys),
    REFUSED("each node of /dev", write_dev),
    REFUSED("each file of the image, to be written", write_image),
    REFUSED("a new file in each directory", new_files),
    REFUSED("files of /proc", proc),
    REFUSED("other nodes", nodes),
    REFUSED("a node of its own", make_node),
    REFUSED("paths that look like the device's", odd_paths),
};

THEME(files_theme, "files");
