/*
 * The gate between QEMU and what needs privilege
 *
 * Copyright (c) 2026 The xen-pt-msi authors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * QEMU is no root and has no capability. What it cannot do for that reason, but
 * has to, init does for it. The kernel stops a thread of QEMU's that opens a
 * file, or makes a hypercall, or a system call that is in no list, and tells
 * init, which answers: seccomp_unotify(2). QEMU and its libraries need no
 * change for it.
 */
#ifndef STUBDOM_GATE_H
#define STUBDOM_GATE_H

#include <stdbool.h>
#include <stddef.h>

#include "devices.h"

struct xencall_handle;
struct seccomp_notif;
struct seccomp_notif_resp;

/* As many as libxenctrl, libxenforeignmemory and libxendevicemodel open */
#define GATE_HANDLES 8
#define GATE_KINDS 32

/* What was refused, and how often */
typedef struct GateKind {
    const char *what;
    unsigned number;
    unsigned long long n;
} GateKind;

typedef struct Gate {
    unsigned target, domid;
    bool keep_mem;
    Devices devices;
    Ram ram;
    int listener;
    unsigned tid;           /* the thread that waits */
    /* What Xen may read and write: an argument, and a page of frames */
    struct xencall_handle *xen;
    void *argument, *frames;
    struct seccomp_notif *request;
    size_t request_size;
    struct seccomp_notif_resp *answer;
    /* Handles of privcmd that may not be bound to the target yet */
    int unbound[GATE_HANDLES];
    size_t n_unbound;
    bool closed;            /* All are, and all further ones will be. */
    GateKind kinds[GATE_KINDS];
    size_t n_kinds;
    unsigned long long n_further;
} Gate;

/* Both say what is wrong before they return false. */

/* Get all that init needs to act for the QEMU that serves TARGET. */
bool gate_open(Gate *g, unsigned target, unsigned domid, bool keep_mem);

/*
 * In the process that becomes QEMU, as the last thing: from now on the gate is
 * in its way. What init is to listen at goes to it through SOCKET.
 */
bool gate_enter(int socket);

/* In init: take what gate_enter() has sent. */
bool gate_listen(Gate *g, int socket);

/* Answer the one request that waits at G->listener. */
void gate_serve(Gate *g);

/* Say what was refused, if anything was. */
void gate_report(const Gate *g);

#endif
