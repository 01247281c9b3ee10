/*
 * Which hypercalls QEMU may make, and with what arguments
 *
 * Copyright (c) 2026 The xen-pt-msi authors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef STUBDOM_GATE_CALLS_H
#define STUBDOM_GATE_CALLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <xenctrl.h>
#include <xen/sys/privcmd.h>

#include "devices.h"

/* As many guest frames as one call of Xen is given */
#define GATE_FRAMES 512
/* A frame is a page of 4 KiB: the memory of the largest display, 1 GiB */
#define GATE_FRAMES_MAX (1U << 18)
/* The part of an argument that is told of a call which is not let through */
#define GATE_WORDS 6
/* The largest argument of a call that is let through */
#define GATE_ARGUMENT_MAX 160

typedef struct GateCalls {
    unsigned target;
    const Devices *devices;
    /* Have DEVICES read anew, because one is asked for that is not in it. */
    void (*refresh)(void *opaque);
    /* Copy from or to QEMU. False: there is no such memory. */
    bool (*read)(void *opaque, void *to, uint64_t from, size_t n);
    bool (*write)(void *opaque, uint64_t to, const void *from, size_t n);
    /*
     * Have Xen do it. ARGUMENT, of SIZE bytes, is what Xen reads and writes;
     * FRAMES are those of XENMEM_populate_physmap, or NULL. Returns what Xen
     * returns, or -errno.
     */
    long (*call)(void *opaque, unsigned op, unsigned command, void *argument,
                 size_t size, const xen_pfn_t *frames, size_t n_frames);
    /*
     * C is not let through. NAME is a constant, the command's; NULL: it is no
     * call that a device model needs. ARGUMENT is its argument as far as it is
     * known, and zero after that.
     */
    void (*refused)(void *opaque, const char *name,
                    const privcmd_hypercall_t *c,
                    const uint64_t argument[GATE_WORDS]);
    void *opaque;
} GateCalls;

/*
 * Do the hypercall C for QEMU, if it is one that a device model needs and is
 * about the target and its devices. Returns what QEMU is to get: Xen's answer,
 * or -EPERM for a call that is not let through, or -EFAULT. What C points to is
 * copied once, and only the copy is looked at and given to Xen.
 */
long gate_call(const GateCalls *g, const privcmd_hypercall_t *c);

#endif
