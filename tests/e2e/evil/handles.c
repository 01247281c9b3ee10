/*
 * Xen's devices: memory of others, event channels, grants
 *
 * Copyright (c) 2026 The xen-pt-msi authors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <xenctrl.h>
#include <xen/sys/evtchn.h>
#include <xen/sys/gntdev.h>
#include <xen/sys/privcmd.h>
#include <xen/hvm/dm_op.h>

#include "evil.h"

#define PRIVCMD "/dev/xen/privcmd"
#define EVTCHN "/dev/xen/evtchn"
#define GNTDEV "/dev/xen/gntdev"
/* The emulated machine has so many frames; each one in STEP is tried. */
#define FRAMES 655360UL
#define SAMPLES 512
#define STEP (FRAMES / (8 * SAMPLES))
/* A frame that the guest has */
#define GUEST_FRAME 0x100
#define GRANTS 64
#define PORTS 64

/* --- memory --------------------------------------------------------------- */

static void *room(int fd, size_t pages)
{
    return mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
}

/* Is one of the frames there, when all of this is? */
static bool any_mapped(int fd, unsigned domid, unsigned long first)
{
    static xen_pfn_t frames[SAMPLES];
    static int errors[SAMPLES];
    privcmd_mmapbatch_v2_t batch = {
        .num = SAMPLES, .dom = domid, .arr = frames, .err = errors,
    };
    void *at = room(fd, SAMPLES);
    bool got = false;

    if (at == MAP_FAILED) {
        return false;
    }
    for (size_t i = 0; i < SAMPLES; i++) {
        frames[i] = domid == target ? GUEST_FRAME : first + i * STEP;
        errors[i] = -EPERM;
    }
    batch.addr = (uintptr_t)at;
    /* What the kernel has not looked at has no error either. */
    if (ioctl(fd, IOCTL_PRIVCMD_MMAPBATCH_V2, &batch) >= 0 || errno == ENOENT) {
        for (size_t i = 0; i < SAMPLES; i++) {
            got |= errors[i] == 0;
        }
    }
    munmap(at, SAMPLES * PAGE);
    return got;
}

static long map_of(int fd, unsigned domid)
{
    for (int i = 0; i < 8; i++) {
        if (any_mapped(fd, domid, i * (FRAMES / 8))) {
            return 0;
        }
    }
    return -EPERM;
}

static long batch_guest(void)
{
    return map_of(privcmd, target);
}

static long batch_dom0(void)
{
    return map_of(privcmd, 0);
}

static long batch_self(void)
{
    return map_of(privcmd, DOMID_SELF);
}

static long batch_own(void)
{
    return map_of(privcmd, own);
}

static long batch_io(void)
{
    return map_of(privcmd, DOMID_IO);
}

static long batch_xen(void)
{
    return map_of(privcmd, DOMID_XEN);
}

static long batch_v1(void)
{
    const unsigned domids[] = { 0, DOMID_SELF, own, DOMID_IO, DOMID_XEN };
    xen_pfn_t frame = GUEST_FRAME;
    void *at = room(privcmd, 1);

    for (size_t i = 0; i < ARRAY_SIZE(domids); i++) {
        privcmd_mmapbatch_t b = { 1, domids[i], (uintptr_t)at, &frame };

        if (ioctl(privcmd, IOCTL_PRIVCMD_MMAPBATCH, &b) >= 0) {
            note("of %u", domids[i]);
            return 0;
        }
    }
    return -errno;
}

static long resource(unsigned domid, unsigned type, unsigned id)
{
    privcmd_mmap_resource_t r = {
        .dom = domid, .type = type, .id = id, .num = 1,
        .addr = (uintptr_t)room(privcmd, 1),
    };

    return result(ioctl(privcmd, IOCTL_PRIVCMD_MMAP_RESOURCE, &r));
}

static long resources(void)
{
    const unsigned domids[] = { 0, DOMID_SELF, own, DOMID_IO, DOMID_XEN };

    for (size_t i = 0; i < ARRAY_SIZE(domids); i++) {
        for (unsigned type = 0; type < 4; type++) {
            if (resource(domids[i], type, 0) >= 0) {
                note("resource %u of %u", type, domids[i]);
                return 0;
            }
        }
    }
    return -errno;
}

/* By frames of the machine, without a question */
static long old_mmap(void)
{
    void *at = room(privcmd, 1);
    privcmd_mmap_entry_t entry = { (uintptr_t)at, GUEST_FRAME, 1 };
    privcmd_mmap_t m = { 1, DOMID_SELF, &entry };

    return result(ioctl(privcmd, IOCTL_PRIVCMD_MMAP, &m));
}

static long restrict_anew(void)
{
    domid_t domid = DOMID_SELF;

    return result(ioctl(privcmd, IOCTL_PRIVCMD_RESTRICT, &domid));
}

/* --- what a device model asks for ----------------------------------------- */

static long dm_op(unsigned domid)
{
    struct xen_dm_op op = { .op = XEN_DMOP_set_pci_intx_level };
    privcmd_dm_op_buf_t buffer = { &op, sizeof(op) };
    privcmd_dm_op_t call = { domid, 1, &buffer };

    return result(ioctl(privcmd, IOCTL_PRIVCMD_DM_OP, &call));
}

static long dm_op_guest(void)
{
    return dm_op(target);
}

static long dm_op_dom0(void)
{
    return dm_op(0);
}

static long dm_op_self(void)
{
    long rc = dm_op(own);

    return rc < 0 ? dm_op(DOMID_SELF) : rc;
}

static long dm_op_each(void)
{
    for (unsigned domid = 0; domid < 64; domid++) {
        if (domid != target && dm_op(domid) >= 0) {
            note("domain %u", domid);
            return 0;
        }
    }
    return -EPERM;
}

/* --- other ways to a handle ----------------------------------------------- */

/* With a handle that is not bound its own memory can be mapped. */
static long use(int fd)
{
    int before = privcmd;
    long rc;

    if (fd < 0) {
        return fd;
    }
    rc = map_of(fd, DOMID_SELF);
    privcmd = fd;
    rc = rc < 0 ? dm_op(0) : rc;
    privcmd = before;
    close(fd);
    return rc;
}

static long reopen(void)
{
    return use(open_file(PRIVCMD, O_RDWR));
}

static long reopen_often(void)
{
    long rc = -EPERM;

    for (int i = 0; i < 20 && rc < 0; i++) {
        int fd = open_file(PRIVCMD, O_RDWR);

        /* It stays open. */
        rc = fd < 0 ? -EPERM : map_of(fd, DOMID_SELF);
    }
    return rc;
}

static long by_other_names(void)
{
    static const char *const names[] = {
        "/dev//xen/privcmd", "/dev/./xen/privcmd", "/dev/xen/../xen/privcmd",
        "//dev/xen/privcmd", "/dev/xen/privcmd/", "/proc/xen/privcmd",
        "/dev/xen/hypercall", "dev/xen/privcmd", "/proc/self/root" PRIVCMD,
        "/proc/xen/xenbus", "/dev/char/10:124", "/dev/block/../xen/privcmd",
    };
    long rc = -ENOENT;

    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        int fd = open_file(names[i], O_RDWR);

        if (fd >= 0) {
            note("%s", names[i]);
            return 0;
        }
        rc = fd;
    }
    return rc;
}

static long from_directory(void)
{
    int dir = open_file("/dev/xen", O_RDONLY | O_DIRECTORY);

    return result(syscall(SYS_openat, dir, "privcmd", O_RDWR, 0));
}

static long as_path(void)
{
    int fd = open_file(PRIVCMD, O_PATH);

    if (fd >= 0) {
        char name[32];

        snprintf(name, sizeof(name), "/dev/fd/%d", fd);
        return use(open_file(name, O_RDWR));
    }
    return fd;
}

static long by_open(void)
{
    return use(result(syscall(SYS_open, PRIVCMD, O_RDWR)));
}

static long by_openat2(void)
{
    uint64_t how[3] = { O_RDWR };

    return use(result(syscall(SYS_openat2, AT_FDCWD, PRIVCMD, how,
                              sizeof(how))));
}

static long by_handle(void)
{
    uint64_t handle[16] = { 1 };

    return result(syscall(SYS_open_by_handle_at, AT_FDCWD, handle, O_RDWR));
}

static long by_link(void)
{
    long rc = result(syscall(SYS_symlinkat, PRIVCMD, AT_FDCWD, "/evil"));

    return rc < 0 ? rc : use(open_file("/evil", O_RDWR));
}

static long creating(void)
{
    long rc = open_file(PRIVCMD, O_RDWR | O_CREAT);

    return rc < 0 ? open_file("/dev/xvda", O_RDWR | O_TRUNC) : rc;
}

/* --- event channels ------------------------------------------------------- */

static int evtchn(void)
{
    return open_file(EVTCHN, O_RDWR);
}

static long bind_virq(void)
{
    struct ioctl_evtchn_bind_virq b = { 0 };

    return result(ioctl(evtchn(), IOCTL_EVTCHN_BIND_VIRQ, &b));
}

static long bind_unbound(void)
{
    struct ioctl_evtchn_bind_unbound_port b = { 0 };

    return result(ioctl(evtchn(), IOCTL_EVTCHN_BIND_UNBOUND_PORT, &b));
}

static long bind_dom0(void)
{
    int fd = evtchn();

    for (unsigned port = 0; port < PORTS; port++) {
        struct ioctl_evtchn_bind_interdomain b = { 0, port };

        if (ioctl(fd, IOCTL_EVTCHN_BIND_INTERDOMAIN, &b) >= 0) {
            return 0;
        }
    }
    return -errno;
}

static long bind_self(void)
{
    struct ioctl_evtchn_bind_interdomain b = { own, 1 };
    int fd = evtchn();
    long rc = ioctl(fd, IOCTL_EVTCHN_BIND_INTERDOMAIN, &b);

    b.remote_domain = DOMID_SELF;
    return rc < 0 ? result(ioctl(fd, IOCTL_EVTCHN_BIND_INTERDOMAIN, &b)) : rc;
}

static long evtchn_anew(void)
{
    struct ioctl_evtchn_restrict_domid r = { 0 };

    return result(ioctl(evtchn(), IOCTL_EVTCHN_RESTRICT_DOMID, &r));
}

/* Channels of the kernel: the console's, xenstore's */
static long others_ports(void)
{
    int fd = evtchn();

    for (unsigned port = 0; port < PORTS; port++) {
        struct ioctl_evtchn_notify n = { port };
        struct ioctl_evtchn_unbind u = { port };

        if (ioctl(fd, IOCTL_EVTCHN_NOTIFY, &n) >= 0 ||
            ioctl(fd, IOCTL_EVTCHN_UNBIND, &u) >= 0) {
            note("port %u", port);
            return 0;
        }
    }
    return -errno;
}

/* --- grants --------------------------------------------------------------- */

static long grants_of(unsigned domid)
{
    int fd = open_file(GNTDEV, O_RDWR);

    for (unsigned ref = 0; ref < GRANTS; ref++) {
        struct ioctl_gntdev_map_grant_ref m = {
            .count = 1, .refs = { { domid, ref } },
        };

        if (ioctl(fd, IOCTL_GNTDEV_MAP_GRANT_REF, &m) >= 0 &&
            mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
                 m.index) != MAP_FAILED) {
            note("grant %u", ref);
            return 0;
        }
    }
    return -errno;
}

static long grants_dom0(void)
{
    return grants_of(0);
}

static long grants_self(void)
{
    long rc = grants_of(own);

    return rc < 0 ? grants_of(DOMID_SELF) : rc;
}

static long copy_grant(void)
{
    struct ioctl_gntdev_grant_copy_segment s = {
        .dest.virt = words, .len = 64, .flags = GNTCOPY_source_gref,
    };
    struct ioctl_gntdev_grant_copy c = { .count = 1, .segments = &s };
    int fd = open_file(GNTDEV, O_RDWR);

    for (unsigned ref = 0; ref < GRANTS; ref++) {
        s.source.foreign.ref = ref;
        if (ioctl(fd, IOCTL_GNTDEV_GRANT_COPY, &c) >= 0 && s.status == 0) {
            note("grant %u", ref);
            return 0;
        }
    }
    return -EPERM;
}

static long gntalloc(void)
{
    return open_file("/dev/xen/gntalloc", O_RDWR);
}

static const Attempt attempts[] = {
    ALLOWED("memory of the guest mapped", "QEMU serves the guest's DMA",
            batch_guest),
    REFUSED("memory of dom0 mapped", batch_dom0),
    REFUSED("memory of DOMID_SELF mapped", batch_self),
    REFUSED("memory of its own domain mapped", batch_own),
    REFUSED("memory of DOMID_IO mapped", batch_io),
    REFUSED("memory of DOMID_XEN mapped", batch_xen),
    REFUSED("memory mapped by the first MMAPBATCH", batch_v1),
    REFUSED("memory mapped by IOCTL_PRIVCMD_MMAP", old_mmap),
    REFUSED("a resource of another domain mapped", resources),
    REFUSED("its handle bound to another domain", restrict_anew),
    ALLOWED("DM op on the guest", "what a device model is", dm_op_guest),
    REFUSED("DM op on dom0", dm_op_dom0),
    REFUSED("DM op on its own domain", dm_op_self),
    REFUSED("DM op on each other domain", dm_op_each),
    REFUSED("privcmd opened anew", reopen),
    REFUSED("privcmd opened 20 times", reopen_often),
    REFUSED("privcmd by other names", by_other_names),
    REFUSED("privcmd from its directory", from_directory),
    REFUSED("privcmd by O_PATH", as_path),
    REFUSED("privcmd by open", by_open),
    REFUSED("privcmd by openat2", by_openat2),
    REFUSED("privcmd by a handle", by_handle),
    REFUSED("privcmd by a symbolic link", by_link),
    REFUSED("a node opened to be made or emptied", creating),
    REFUSED("event channel: a virtual interrupt", bind_virq),
    REFUSED("event channel: a port for others", bind_unbound),
    REFUSED("event channel to dom0", bind_dom0),
    REFUSED("event channel to itself", bind_self),
    REFUSED("event channels bound to another domain", evtchn_anew),
    REFUSED("event channels of the kernel", others_ports),
    REFUSED("grants of dom0 mapped", grants_dom0),
    REFUSED("grants of its own domain mapped", grants_self),
    REFUSED("grants of dom0 copied", copy_grant),
    REFUSED("gntalloc", gntalloc),
};

THEME(handles_theme, "Xen's devices");

/* --- before the first hypercall ------------------------------------------- */

/*
 * The handles that QEMU opens first are bound to the guest later. No guest has
 * run by then. What is left of it must not be of use afterwards.
 */
static long window(void)
{
    return map_of(privcmd, DOMID_SELF);
}

static const Attempt start[] = {
    ALLOWED("its own memory mapped, before the first hypercall",
            "QEMU's libraries need it so, and no guest has run yet", window),
};

const Theme start_theme = { "before the first hypercall", start,
                            ARRAY_SIZE(start) };
