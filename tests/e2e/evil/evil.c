/*
 * A QEMU that was taken over: what it tries
 *
 * Copyright (c) 2026 The xen-pt-msi authors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Takes the place of /bin/qemu in the image, and has what QEMU has: the user,
 * the filters, the descriptors. Only QEMU's own -sandbox is missing: without it
 * this program may fork, and try each thing in a process that may be killed.
 *
 * One line says what came of each: "evil: NAME: done", or "refused" and why.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <xenctrl.h>
#include <xen/hvm/hvm_op.h>
#include <xen/memory.h>
#include <xen/physdev.h>
#include <xen/sched.h>
#include <xen/sys/privcmd.h>
#include <xenstore.h>

#include "evil.h"
#include "qmp.h"

/* What an attempt is given, in seconds; the machine is emulated. */
#define TRY_LIMIT 300
#define GO_LIMIT 400
#define QUIET_SECONDS 10

unsigned own, target;
int privcmd = -1;
uint64_t words[2 * PAGE / sizeof(uint64_t)] __attribute__((aligned(4096)));

static unsigned n_tried, n_done;

/*
 * Calls that init lets through where they are about the guest. Xen refuses the
 * others too, by the same error: who has refused is seen by init's own count.
 */
#define RULE(op, command) { #command, __HYPERVISOR_##op, command }
static const struct {
    const char *name;
    uint64_t op, command;
} rules[] = {
    RULE(hvm_op, HVMOP_get_param), RULE(hvm_op, HVMOP_set_param),
    RULE(memory_op, XENMEM_populate_physmap),
    RULE(memory_op, XENMEM_add_to_physmap),
    RULE(physdev_op, PHYSDEVOP_map_pirq),
    RULE(physdev_op, PHYSDEVOP_unmap_pirq),
    RULE(sched_op, SCHEDOP_remote_shutdown),
    RULE(domctl, XEN_DOMCTL_getdomaininfo),
    RULE(domctl, XEN_DOMCTL_bind_pt_irq),
    RULE(domctl, XEN_DOMCTL_unbind_pt_irq),
    RULE(domctl, XEN_DOMCTL_memory_mapping),
    RULE(domctl, XEN_DOMCTL_ioport_mapping),
};
/* How often each was refused, in memory that all processes here share */
static unsigned *refusals;

long result(long rc)
{
    return rc < 0 ? -errno : rc;
}

static void put(const char *fmt, va_list ap)
{
    char line[256] = "evil: ";
    size_t n = strlen(line);

    n += vsnprintf(line + n, sizeof(line) - n - 1, fmt, ap);
    if (n > sizeof(line) - 2) {
        n = sizeof(line) - 2;
    }
    line[n++] = '\n';
    if (write(STDOUT_FILENO, line, n) < 0) {
        _exit(100);
    }
}

static void __attribute__((format(printf, 1, 2))) print(const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    put(fmt, ap);
    va_end(ap);
}

void note(const char *fmt, ...)
{
    char line[200] = "  ";
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(line + 2, sizeof(line) - 2, fmt, ap);
    va_end(ap);
    print("%s", line);
}

int open_file(const char *path, int flags)
{
    return result(syscall(SYS_openat, AT_FDCWD, path, flags, 0));
}

static void count(uint64_t op, uint64_t a)
{
    uint64_t command = op == __HYPERVISOR_domctl ?
                       ((struct xen_domctl *)(uintptr_t)a)->cmd : a;

    for (size_t i = 0; i < ARRAY_SIZE(rules); i++) {
        if (rules[i].op == op && rules[i].command == command) {
            refusals[i]++;
        }
    }
}

long hypercall(uint64_t op, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
    privcmd_hypercall_t call = { op, { a, b, c, d, 0 } };
    long rc = result(ioctl(privcmd, IOCTL_PRIVCMD_HYPERCALL, &call));

    if (rc < 0 && rc != -EPERM) {
        note("it has got as far as: %s", strerror(-rc));
        return 0;
    }
    if (rc < 0) {
        count(op, a);
    }
    return rc;
}

long domctl(uint32_t cmd, unsigned domid, struct xen_domctl *d)
{
    d->cmd = cmd;
    d->domain = domid;
    d->interface_version = XEN_DOMCTL_INTERFACE_VERSION;
    return hypercall(__HYPERVISOR_domctl, (uintptr_t)d, 0, 0, 0);
}

static void *watch(void *seconds)
{
    unsigned left = (uintptr_t)seconds;

    while (left) {
        left = sleep(left);     /* A signal may end it early. */
    }
    __builtin_trap();       /* by a signal: that is not "refused" */
}

void limit(unsigned seconds)
{
    pthread_t thread;

    if (pthread_create(&thread, NULL, watch, (void *)(uintptr_t)seconds)) {
        note("there is no limit");
    }
}

long gate_lives(void)
{
    struct xen_domctl d = { 0 };

    if (domctl(XEN_DOMCTL_getdomaininfo, target, &d) < 0 ||
        d.u.getdomaininfo.domain != target) {
        note("init does not answer as it did");
        return -EIO;
    }
    return 0;
}

/* --- the attempts --------------------------------------------------------- */

static void try_one(const Attempt *a)
{
    int status = 0;
    pid_t pid = fork();

    if (pid == 0) {
        long rc;

        limit(TRY_LIMIT);
        rc = a->try();
        _exit(rc < 0 ? (rc > -200 ? -rc : 200) : 0);
    }
    n_tried++;
    if (pid < 0 || waitpid(pid, &status, 0) < 0) {
        print("%s: cannot be tried (%s)", a->name, strerror(errno));
    } else if (WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS) {
        print("%s: refused (killed)", a->name);
    } else if (WIFSIGNALED(status)) {
        print("%s: ended by signal %d", a->name, WTERMSIG(status));
    } else if (WEXITSTATUS(status)) {
        print("%s: refused (%s)", a->name, strerror(WEXITSTATUS(status)));
    } else {
        print("%s: done", a->name);
        n_done++;
    }
}

static void try_all(const Theme *t)
{
    print("-- %s", t->name);
    for (size_t i = 0; i < t->n; i++) {
        try_one(&t->attempts[i]);
    }
}

/* --- to be taken for a QEMU ----------------------------------------------- */

static void read_store(struct xs_handle *xs)
{
    char *value = xs_read(xs, XBT_NULL, "target", NULL);

    target = value ? atoi(value) : 0;
    value = xs_read(xs, XBT_NULL, "domid", NULL);
    own = value ? atoi(value) : 0;
}

static void say_running(struct xs_handle *xs)
{
    char path[64];

    snprintf(path, sizeof(path), "device-model/%u/state", target);
    if (!xs_write(xs, XBT_NULL, path, "running", 7)) {
        print("libxl cannot be told that there is a QEMU");
    }
}

/* The harness says so: the guest is there, and has its device. */
static bool told_to_go(struct xs_handle *xs)
{
    for (int i = 0; i < GO_LIMIT; i++) {
        if (xs_read(xs, XBT_NULL, "data/go", NULL)) {
            return true;
        }
        sleep(1);
    }
    return false;
}

int main(int argc, char **argv)
{
    static const Theme *const themes[] = {
        &devices_theme, &calls_theme, &handles_theme, &files_theme,
        &code_theme, &store_theme, &processes_theme, &races_theme,
    };
    struct xs_handle *xs;

    for (int fd = 3; fd < 1024; fd++) {
        if (fcntl(fd, F_GETFD) >= 0 && fd != qmp_listener(argc, argv)) {
            print("descriptor %d is open: done", fd);
        }
    }
    xs = xs_open(0);
    if (!xs) {
        print("no xenstore");
        return 1;
    }
    read_store(xs);
    print("domain %u serves %u", own, target);
    privcmd = open_file("/dev/xen/privcmd", O_RDWR | O_CLOEXEC);
    mlock(words, sizeof(words));
    refusals = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
                    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    try_all(&start_theme);
    gate_lives();
    qmp_serve(qmp_listener(argc, argv));
    say_running(xs);
    if (!told_to_go(xs)) {
        print("the guest has not been started");
        return 1;
    }
    xs_close(xs);
    tell_cost();
    for (size_t i = 0; i < ARRAY_SIZE(themes); i++) {
        try_all(themes[i]);
    }
    /* After the flood of the log init prints little, for a while. */
    sleep(QUIET_SECONDS);
    for (size_t i = 0; i < ARRAY_SIZE(rules); i++) {
        print("refused %u times: %s", refusals[i], rules[i].name);
    }
    print("%u tried, %u done", n_tried, n_done);
    return 3;
}
