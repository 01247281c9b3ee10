/*
 * What the gate costs: times of calls, side by side
 *
 * Copyright (c) 2026 The xen-pt-msi authors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>
#include <xenctrl.h>
#include <xen/hvm/dm_op.h>
#include <xen/hvm/hvm_op.h>
#include <xen/hvm/params.h>
#include <xen/sys/privcmd.h>

#include "evil.h"

#define TIMES 200
#define CONFIG "/sys/bus/pci/devices/*/config"

static int config = -1;

/* Init looks at it, and makes it. */
static long by_the_gate(void)
{
    struct xen_hvm_param *p = (void *)words;

    p->domid = target;
    p->index = HVM_PARAM_BUFIOREQ_EVTCHN;
    return hypercall(__HYPERVISOR_hvm_op, HVMOP_get_param, (uintptr_t)p, 0, 0);
}

/* The kernel looks at the domain only: the handle is bound to the guest. */
static long straight(void)
{
    struct xen_dm_op op = { .op = XEN_DMOP_set_pci_intx_level };
    privcmd_dm_op_buf_t buffer = { &op, sizeof(op) };
    privcmd_dm_op_t call = { target, 1, &buffer };

    return result(ioctl(privcmd, IOCTL_PRIVCMD_DM_OP, &call));
}

/* A read that pcifront asks pciback for */
static long round_trip(void)
{
    uint16_t command;

    return result(pread(config, &command, sizeof(command), 4));
}

static int64_t now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

/* Nanoseconds of one call; 0 if one of them failed */
static long long mean(Try *call)
{
    int64_t start = now();

    for (int i = 0; i < TIMES; i++) {
        if (call() < 0) {
            return 0;
        }
    }
    return (now() - start) / TIMES;
}

void tell_cost(void)
{
    glob_t found;

    if (glob(CONFIG, 0, NULL, &found)) {
        note("there is no device to read from");
        return;
    }
    config = open_file(found.gl_pathv[0], O_RDONLY);
    globfree(&found);
    note("a call takes %lld ns by the gate, %lld ns straight, %lld ns to "
         "pciback", mean(by_the_gate), mean(straight), mean(round_trip));
    close(config);
}
