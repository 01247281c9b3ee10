/*
 * The gate between QEMU and what needs privilege
 *
 * Copyright (c) 2026 The xen-pt-msi authors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A request that is answered with "go on" is done with QEMU's own rights, which
 * are none, so it does not matter that another thread of QEMU's may change what
 * was looked at. All else init does itself, with a copy.
 */
#define _GNU_SOURCE         /* process_vm_readv() */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>
#include <xencall.h>
#include <xenctrl.h>
#include <xen/memory.h>
#include <xen/sys/evtchn.h>
#include <xen/sys/privcmd.h>

#include "gate-calls.h"
#include "gate-files.h"
#include "gate-filter.h"
#include "gate.h"
#include "log.h"

#define PCI_SYSFS "/sys/bus/pci/devices"
#define IOMEM "/proc/iomem"
#define PATH_SIZE 128

bool gate_open(Gate *g, unsigned target, unsigned domid, bool keep_mem)
{
    /* The kernel's, which may be newer than its header */
    struct seccomp_notif_sizes sizes;

    *g = (Gate) {
        .target = target, .domid = domid, .keep_mem = keep_mem, .listener = -1,
    };
    g->xen = xencall_open(NULL, 0);
    if (g->xen) {
        g->argument = xencall_alloc_buffer_pages(g->xen, 1);
        g->frames = xencall_alloc_buffer_pages(g->xen, 1);
    }
    if (!g->argument || !g->frames ||
        syscall(SYS_seccomp, SECCOMP_GET_NOTIF_SIZES, 0, &sizes) < 0 ||
        seccomp_notify_alloc(&g->request, &g->answer) < 0) {
        say("the gate for QEMU's hypercalls: %s", strerror(errno));
        return false;
    }
    g->request_size = sizes.seccomp_notif;
    if (!devices_read_ram(IOMEM, &g->ram)) {
        say(IOMEM " does not say where this domain has memory");
        return false;
    }
    return true;
}

/* --- what was refused ----------------------------------------------------- */

/*
 * WHAT, a constant, and NUMBER are a kind. It is said the first time, and
 * counted; when there is no room for another kind, only counted.
 */
static bool first_of_kind(Gate *g, const char *what, unsigned number)
{
    size_t i = 0;

    while (i < g->n_kinds && (g->kinds[i].what != what ||
                              g->kinds[i].number != number)) {
        i++;
    }
    if (i == GATE_KINDS) {
        g->n_further++;
        return false;
    }
    if (i == g->n_kinds) {
        g->kinds[g->n_kinds++] = (GateKind) { what, number, 0 };
    }
    return g->kinds[i].n++ == 0;
}

static void refused_call(void *opaque, const char *name,
                         const privcmd_hypercall_t *c,
                         const uint64_t argument[GATE_WORDS])
{
    Gate *g = opaque;
    char words[GATE_WORDS * 20] = "";
    size_t n = 0;

    if (!first_of_kind(g, name ? name : "hypercall", name ? 0 : c->op)) {
        return;
    }
    for (size_t i = 0; i < GATE_WORDS; i++) {
        n += snprintf(words + n, sizeof(words) - n, " %" PRIx64, argument[i]);
    }
    if (name) {
        say("QEMU may not do %s with these arguments:%s: refused", name, words);
    } else {
        say("QEMU may not make hypercall %" PRIu64 ", command 0x%" PRIx64
            ", argument%s: refused", (uint64_t)c->op, (uint64_t)c->arg[0],
            words);
    }
}

void gate_report(const Gate *g)
{
    for (size_t i = 0; i < g->n_kinds; i++) {
        say("refused to QEMU: %s %u, %llu times", g->kinds[i].what,
            g->kinds[i].number, g->kinds[i].n);
    }
    if (g->n_further) {
        say("refused to QEMU: other things, %llu times", g->n_further);
    }
}

/* --- QEMU's memory -------------------------------------------------------- */

/* Is the thread still there, and waiting? Its number may be another's now. */
static bool still_waits(const Gate *g)
{
    return seccomp_notify_id_valid(g->listener, g->request->id) == 0;
}

/* Copies up to N bytes; returns how many */
static size_t copy_from(const Gate *g, void *to, uint64_t from, size_t n)
{
    struct iovec here = { to, n };
    struct iovec there = { (void *)(uintptr_t)from, n };
    ssize_t done = process_vm_readv(g->tid, &here, 1, &there, 1, 0);

    return done < 0 || !still_waits(g) ? 0 : done;
}

static bool read_memory(void *opaque, void *to, uint64_t from, size_t n)
{
    return copy_from(opaque, to, from, n) == n;
}

static bool write_memory(void *opaque, uint64_t to, const void *from, size_t n)
{
    const Gate *g = opaque;
    struct iovec here = { (void *)from, n };
    struct iovec there = { (void *)(uintptr_t)to, n };

    return process_vm_writev(g->tid, &here, 1, &there, 1, 0) == (ssize_t)n;
}

/* --- hypercalls ----------------------------------------------------------- */

static void refresh_devices(void *opaque)
{
    Gate *g = opaque;

    devices_read(&g->devices, g->domid, PCI_SYSFS);
}

static long call_xen(void *opaque, unsigned op, unsigned command,
                     void *argument, size_t size, const xen_pfn_t *frames,
                     size_t n_frames)
{
    Gate *g = opaque;
    const uint64_t at = (uintptr_t)g->argument;
    long rc;

    if (frames) {
        struct xen_memory_reservation *r = argument;

        memcpy(g->frames, frames, n_frames * sizeof(*frames));
        r->extent_start.p = g->frames;
    }
    memcpy(g->argument, argument, size);
    rc = op == __HYPERVISOR_domctl ? xencall1(g->xen, op, at)
                                   : xencall2(g->xen, op, command, at);
    if (rc < 0) {
        return -errno;
    }
    memcpy(argument, g->argument, size);
    return rc;
}

/*
 * libxendevicemodel tries its handle with a domain that there is not, and does
 * without the ioctl() if it is bound to a domain by then. So the handles that
 * QEMU opens at its very start are bound later: before its first hypercall, by
 * which time all libraries are open and no guest has run.
 */
static void bind_handles(Gate *g)
{
    domid_t target = g->target;

    for (size_t i = 0; i < g->n_unbound; i++) {
        if (ioctl(g->unbound[i], IOCTL_PRIVCMD_RESTRICT, &target) < 0) {
            say("QEMU's handle of Xen cannot be bound to its guest: %s",
                strerror(errno));
            kill(g->tid, SIGKILL);
        }
        close(g->unbound[i]);
    }
    g->n_unbound = 0;
    g->closed = true;
}

static long do_hypercall(Gate *g, uint64_t at)
{
    const GateCalls calls = {
        .target = g->target, .devices = &g->devices,
        .refresh = refresh_devices, .read = read_memory,
        .write = write_memory, .call = call_xen, .refused = refused_call,
        .opaque = g,
    };
    privcmd_hypercall_t c;

    bind_handles(g);
    return read_memory(g, &c, at, sizeof(c)) ? gate_call(&calls, &c) : -EFAULT;
}

/* --- files ---------------------------------------------------------------- */

static int open_bound(Gate *g, const char *path, int flags, GateFile what)
{
    struct ioctl_evtchn_restrict_domid evtchn = { g->target };
    domid_t target = g->target;
    int fd = open(path, flags), rc = 0;

    if (fd < 0) {
        return -errno;
    }
    if (what == GATE_FILE_EVTCHN) {
        rc = ioctl(fd, IOCTL_EVTCHN_RESTRICT_DOMID, &evtchn);
    } else if (what == GATE_FILE_PRIVCMD && g->closed) {
        rc = ioctl(fd, IOCTL_PRIVCMD_RESTRICT, &target);
    } else if (what == GATE_FILE_PRIVCMD) {
        if (g->n_unbound == GATE_HANDLES) {
            say("QEMU has more than %d handles of Xen at its start",
                GATE_HANDLES);
            rc = -1;
            errno = EMFILE;
        } else {
            g->unbound[g->n_unbound] = fcntl(fd, F_DUPFD_CLOEXEC, 0);
            rc = g->unbound[g->n_unbound];
            g->n_unbound += rc >= 0;
        }
    }
    if (rc < 0) {
        rc = -errno;
        close(fd);
        return rc;
    }
    return fd;
}

/* Returns the number that the file has in QEMU, or -errno */
static int hand_over(Gate *g, int fd, int flags)
{
    struct seccomp_notif_addfd add = {
        .id = g->request->id, .srcfd = fd, .newfd_flags = flags & O_CLOEXEC,
    };
    int rc = ioctl(g->listener, SECCOMP_IOCTL_NOTIF_ADDFD, &add);

    return rc < 0 ? -errno : rc;
}

/* Returns what openat() is to return; *GO_ON: QEMU itself is to do it. */
static long do_open(Gate *g, uint64_t at, int flags, bool *go_on)
{
    char path[PATH_SIZE] = "";
    size_t n = copy_from(g, path, at, sizeof(path));
    GateFile what = GATE_FILE_OWN;
    int mine = gate_file_flags(flags), fd, rc;

    if (memchr(path, '\0', n)) {
        what = gate_file(path, g->keep_mem);
    }
    *go_on = what == GATE_FILE_OWN;
    if (*go_on) {
        return 0;
    }
    if (mine < 0) {
        return -EPERM;
    }
    if (what == GATE_FILE_CONFIG) {
        refresh_devices(g);
    } else if (what == GATE_FILE_BAR && access(path, F_OK) == 0 &&
               !devices_may_map(path, &g->ram)) {
        if (first_of_kind(g, "BAR where this domain has memory", 0)) {
            say("QEMU may not map %s: refused", path);
        }
        return -EPERM;
    }
    fd = open_bound(g, path, mine, what);
    if (fd < 0) {
        return fd;
    }
    rc = hand_over(g, fd, flags);
    close(fd);
    return rc;
}

/* --- requests ------------------------------------------------------------- */

/* A library may do without: it is told that this kernel has no such thing. */
static long do_other(Gate *g, const struct seccomp_data *data)
{
    const unsigned command = data->args[1];
    char *name;

    if (data->nr == SYS_ioctl) {
        if (first_of_kind(g, "ioctl", command)) {
            say("QEMU may not make ioctl 0x%x: refused", command);
        }
        return -ENOTTY;
    }
    if (first_of_kind(g, "system call", data->nr)) {
        name = seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, data->nr);
        say("QEMU may not make system call %d (%s): refused", data->nr,
            name ? name : "new");
        free(name);
    }
    return -ENOSYS;
}

void gate_serve(Gate *g)
{
    const struct seccomp_data *data = &g->request->data;
    bool go_on = false;
    long rc;

    memset(g->request, 0, g->request_size);
    if (seccomp_notify_receive(g->listener, g->request) < 0) {
        return;     /* It was killed meanwhile. */
    }
    g->tid = g->request->pid;
    if (data->nr == SYS_openat) {
        rc = do_open(g, data->args[1], data->args[2], &go_on);
    } else if (data->nr == SYS_ioctl &&
               (uint32_t)data->args[1] == IOCTL_PRIVCMD_HYPERCALL) {
        rc = do_hypercall(g, data->args[2]);
    } else {
        rc = do_other(g, data);
    }
    *g->answer = (struct seccomp_notif_resp) {
        .id = g->request->id,
        .val = rc < 0 ? 0 : rc,
        .error = rc < 0 ? rc : 0,
        .flags = go_on ? SECCOMP_USER_NOTIF_FLAG_CONTINUE : 0,
    };
    seccomp_notify_respond(g->listener, g->answer);
}

/* --- the way of the listener ---------------------------------------------- */

typedef union Control {
    char room[CMSG_SPACE(sizeof(int))];
    struct cmsghdr align;
} Control;

bool gate_enter(int socket)
{
    int listener = gate_filter();
    char nothing = 0;
    struct iovec iov = { &nothing, sizeof(nothing) };
    Control control = { .room = { 0 } };
    struct msghdr msg = {
        .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control,
        .msg_controllen = sizeof(control.room),
    };
    struct cmsghdr *head = CMSG_FIRSTHDR(&msg);

    if (listener >= 0) {
        head->cmsg_level = SOL_SOCKET;
        head->cmsg_type = SCM_RIGHTS;
        head->cmsg_len = CMSG_LEN(sizeof(listener));
        memcpy(CMSG_DATA(head), &listener, sizeof(listener));
    }
    if (listener < 0 || sendmsg(socket, &msg, 0) < 0) {
        say("QEMU's calls cannot be watched: %s", strerror(errno));
        return false;
    }
    close(listener);
    close(socket);
    return true;
}

bool gate_listen(Gate *g, int socket)
{
    char nothing;
    struct iovec iov = { &nothing, sizeof(nothing) };
    Control control;
    struct msghdr msg = {
        .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control,
        .msg_controllen = sizeof(control.room),
    };
    struct cmsghdr *head;

    if (recvmsg(socket, &msg, MSG_CMSG_CLOEXEC) <= 0) {
        return false;   /* The other end has said why. */
    }
    head = CMSG_FIRSTHDR(&msg);
    if (!head || head->cmsg_type != SCM_RIGHTS) {
        say("QEMU's calls cannot be watched: there is no listener");
        return false;
    }
    memcpy(&g->listener, CMSG_DATA(head), sizeof(g->listener));
    return true;
}
