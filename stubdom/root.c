/*
 * The files that QEMU can see, and which of them it can write
 *
 * Copyright (c) 2026 The xen-pt-msi authors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#define _GNU_SOURCE         /* nftw() */
#include <errno.h>
#include <fnmatch.h>
#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>

#include "log.h"
#include "root.h"

#define ARRAY_SIZE(x) (sizeof(x) / sizeof((x)[0]))
#define MAX_OPEN 8

bool root_mount(void)
{
    static const struct {
        const char *type, *dir;
        unsigned long flags;
    } mounts[] = {
        /* Not a tmpfs with nodes of our own: disks come and go. */
        { "devtmpfs", "/dev", MS_NOSUID | MS_NOEXEC },
        { "proc", "/proc", MS_NOSUID | MS_NODEV | MS_NOEXEC },
        { "sysfs", "/sys", MS_NOSUID | MS_NODEV | MS_NOEXEC },
    };

    for (size_t i = 0; i < ARRAY_SIZE(mounts); i++) {
        if (mount(mounts[i].type, mounts[i].dir, mounts[i].type,
                  mounts[i].flags, NULL) < 0) {
            say("%s: %s", mounts[i].dir, strerror(errno));
            return false;
        }
    }
    return true;
}

/* nftw() hands nothing on to its function. */
static struct {
    size_t prefix;
    bool keep_mem;
} sweep;

static bool wanted(const char *name)
{
    /*
     * Not xen/hypercall: what QEMU has in such a buffer, init cannot read.
     * libxencall does without it.
     */
    static const char *const nodes[] = {
        "console", "full", "hvc[0-9]*", "null", "random", "urandom", "xen",
        "xen/evtchn", "xen/gntdev", "xen/privcmd", "xen/xenbus", "xvd[a-z]*",
        "zero",
    };

    for (size_t i = 0; i < ARRAY_SIZE(nodes); i++) {
        if (fnmatch(nodes[i], name, FNM_PATHNAME) == 0) {
            return true;
        }
    }
    return sweep.keep_mem && strcmp(name, "mem") == 0;
}

static int sweep_one(const char *path, const struct stat *st, int type,
                     struct FTW *at)
{
    (void)st;
    (void)type;
    return at->level == 0 || wanted(path + sweep.prefix) ? 0 : remove(path);
}

bool root_sweep_nodes(const char *dev, bool keep_mem)
{
    sweep.prefix = strlen(dev) + 1;
    sweep.keep_mem = keep_mem;
    if (nftw(dev, sweep_one, MAX_OPEN, FTW_DEPTH | FTW_PHYS) != 0) {
        say("%s cannot be cleared of device nodes: %s", dev, strerror(errno));
        return false;
    }
    return true;
}

bool root_seal(void)
{
    static const struct {
        const char *dir;
        unsigned long flags;
    } seals[] = {
        /* In a mount of its own it stays writable when /sys does not. */
        { "/sys/devices", MS_BIND },
        { "/sys", MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV |
                  MS_NOEXEC },
        /* Of this mount alone: the kernel goes on adding nodes. */
        { "/dev", MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NOEXEC },
        /* The root is the initramfs, and what is in it the image. */
        { "/", MS_REMOUNT | MS_RDONLY | MS_NOSUID | MS_NODEV },
    };

    /*
     * It has more in it than settings: map_files opens any memory as a file,
     * and what is written there can be mapped again, as code.
     */
    if (umount2("/proc", UMOUNT_NOFOLLOW) < 0) {
        say("/proc cannot be unmounted: %s", strerror(errno));
        return false;
    }
    for (size_t i = 0; i < ARRAY_SIZE(seals); i++) {
        if (mount(seals[i].dir, seals[i].dir, NULL, seals[i].flags, NULL) < 0) {
            say("%s cannot be sealed: %s", seals[i].dir, strerror(errno));
            return false;
        }
    }
    return true;
}
