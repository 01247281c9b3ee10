/*
 * Races with init, and floods
 *
 * Copyright (c) 2026 The xen-pt-msi authors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <xenctrl.h>
#include <xen/sys/privcmd.h>

#include "evil.h"

#define ROUNDS 1000
#define DEATHS 60
#define REQUESTS 2000
/* Some 300 KB a second, in an emulated machine: time is what ends it. */
#define CONSOLE_BYTES (100UL << 20)
#define CONSOLE_SECONDS 10

/* One thread changes it, the other looks: volatile. So are those below. */
static volatile bool stop;

static pthread_t begin(void *(*other)(void *), void *opaque)
{
    pthread_t thread;

    if (pthread_create(&thread, NULL, other, opaque)) {
        note("there is no second thread");
        _exit(0);
    }
    return thread;
}

/* --- what init looks at changes ------------------------------------------- */

/*
 * A stub domain has one vCPU: the other thread gives it away after each change,
 * so that init, and who asks, find both.
 */

static struct xen_domctl info;

static void *change_domain(void *opaque)
{
    volatile domid_t *domain = &info.domain;

    (void)opaque;
    while (!stop) {
        *domain = 0;
        sched_yield();
        *domain = target;
        sched_yield();
    }
    return NULL;
}

static long argument(void)
{
    pthread_t other = begin(change_domain, NULL);
    unsigned through = 0;
    long rc = -EPERM;

    info.cmd = XEN_DOMCTL_getdomaininfo;
    info.interface_version = XEN_DOMCTL_INTERFACE_VERSION;
    for (int i = 0; i < ROUNDS; i++) {
        memset(&info.u, 0, sizeof(info.u));
        if (hypercall(__HYPERVISOR_domctl, (uintptr_t)&info, 0, 0, 0) >= 0) {
            through++;
            /* What Xen has told of; the other thread writes beside it. */
            if (info.u.getdomaininfo.domain != target &&
                info.u.getdomaininfo.max_pages) {
                rc = 0;
            }
        }
    }
    stop = true;
    pthread_join(other, NULL);
    note("%u of %d let through, all of them the guest", through, ROUNDS);
    return rc;
}

static privcmd_hypercall_t call;

static void *change_call(void *opaque)
{
    volatile privcmd_hypercall_t *c = &call;

    (void)opaque;
    while (!stop) {
        c->op = __HYPERVISOR_mmu_update;
        c->arg[1] = 1;
        c->arg[3] = DOMID_SELF;
        sched_yield();
        c->op = __HYPERVISOR_domctl;
        sched_yield();
    }
    return NULL;
}

static long number(void)
{
    static struct xen_domctl d;
    pthread_t other = begin(change_call, NULL);
    unsigned through = 0;
    long rc = -EPERM;

    for (int i = 0; i < ROUNDS; i++) {
        d = (struct xen_domctl) {
            .cmd = XEN_DOMCTL_getdomaininfo, .domain = target,
            .interface_version = XEN_DOMCTL_INTERFACE_VERSION,
        };
        call.arg[0] = (uintptr_t)&d;
        if (ioctl(privcmd, IOCTL_PRIVCMD_HYPERCALL, &call) >= 0) {
            through++;
            if (!d.u.getdomaininfo.max_pages) {
                rc = 0;     /* It was not the call that asks. */
            }
        } else if (errno != EPERM) {
            note("it has got as far as: %s", strerror(errno));
            rc = 0;
        }
    }
    stop = true;
    pthread_join(other, NULL);
    note("%u of %d let through, all of them getdomaininfo", through, ROUNDS);
    return rc;
}

static char path[64];

typedef struct Paths {
    const char *one, *two;
} Paths;

static void *change_path(void *opaque)
{
    const Paths *p = opaque;

    while (!stop) {
        memcpy(path, p->one, strlen(p->one) + 1);
        sched_yield();
        memcpy(path, p->two, strlen(p->two) + 1);
        sched_yield();
    }
    return NULL;
}

static long path_changes(const char *one, const char *two)
{
    Paths p = { one, two };
    pthread_t other = begin(change_path, &p);
    const dev_t consoles = 5;
    long rc = -EACCES;
    unsigned opened = 0;

    for (int i = 0; i < ROUNDS; i++) {
        int fd = open_file(path, O_RDWR | O_NONBLOCK | O_NOCTTY);
        struct stat st;

        if (fd >= 0 && fstat(fd, &st) == 0 && S_ISCHR(st.st_mode) &&
            major(st.st_rdev) == consoles) {
            rc = 0;
        } else if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) {
            rc = 0;
        }
        opened += fd >= 0;
        close(fd);
    }
    stop = true;
    pthread_join(other, NULL);
    note("%u of %d opened", opened, ROUNDS);
    return rc;
}

static long path_own(void)
{
    return path_changes("/dev/null", "/dev/console");
}

static long path_inits(void)
{
    return path_changes("/dev/xen/evtchn", "/dev/console");
}

static long path_image(void)
{
    return path_changes("/dev/xen/xenbus", "/init");
}

/* --- what init works for goes away ---------------------------------------- */

static void *ask(void *opaque)
{
    (void)opaque;
    while (!stop) {
        domctl(XEN_DOMCTL_getdomaininfo, target, &info);
        close(open_file("/dev/xen/evtchn", O_RDWR));
    }
    return NULL;
}

static long deaths(void)
{
    for (int i = 0; i < DEATHS; i++) {
        pid_t pid = fork();

        if (pid == 0) {
            begin(ask, NULL);
            begin(ask, NULL);
            usleep(1000 * (i % 20));
            _exit(0);
        }
        if (pid < 0 || waitpid(pid, NULL, 0) < 0) {
            return 0;
        }
    }
    return gate_lives() < 0 ? 0 : -EPERM;
}

static void nothing(int number)
{
    (void)number;
}

static void *have_children(void *opaque)
{
    sigset_t children;

    (void)opaque;
    sigemptyset(&children);
    sigaddset(&children, SIGCHLD);
    pthread_sigmask(SIG_BLOCK, &children, NULL);
    while (!stop) {
        pid_t pid = fork();

        if (pid == 0) {
            _exit(0);
        }
        if (pid > 0) {
            waitpid(pid, NULL, 0);
        }
    }
    return NULL;
}

/*
 * Signals while init works: a call must not be made twice, or left undone. It
 * has neither timers nor the right to signal itself from here, but children.
 */
static long interrupted(void)
{
    struct sigaction a = { .sa_handler = nothing, .sa_flags = SA_RESTART };
    pthread_t thread;
    long rc = 0;

    sigaction(SIGCHLD, &a, NULL);
    thread = begin(have_children, NULL);
    for (int i = 0; i < ROUNDS && rc == 0; i++) {
        rc = gate_lives();
    }
    stop = true;
    pthread_join(thread, NULL);
    return rc < 0 ? 0 : -EPERM;
}

static void *unmap(void *opaque)
{
    void **at = opaque;

    while (!stop) {
        munmap(*at, PAGE);
        sched_yield();
        mmap(*at, PAGE, PROT_READ | PROT_WRITE,
             MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
        sched_yield();
    }
    return NULL;
}

static long memory_goes(void)
{
    void *at = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    pthread_t other = begin(unmap, &at);

    for (int i = 0; i < ROUNDS; i++) {
        privcmd_hypercall_t c = { __HYPERVISOR_domctl,
                                  { (uintptr_t)at, 0, 0, 0, 0 } };

        ioctl(privcmd, IOCTL_PRIVCMD_HYPERCALL, &c);
        ioctl(privcmd, IOCTL_PRIVCMD_HYPERCALL, at);
        close(open_file(at, O_RDONLY));
    }
    stop = true;
    pthread_join(other, NULL);
    return gate_lives() < 0 ? 0 : -EPERM;
}

/* Addresses that are not this process's to give */
static long odd_memory(void)
{
    const uint64_t addresses[] = {
        0, 1, ~0ULL, ~0ULL - 4095, 0xffff800000000000, 0xffffffff81000000,
        0x7fffffffffff, 0x800000000000,
    };

    for (size_t i = 0; i < ARRAY_SIZE(addresses); i++) {
        privcmd_hypercall_t c = { __HYPERVISOR_domctl, { addresses[i] } };

        if (ioctl(privcmd, IOCTL_PRIVCMD_HYPERCALL, &c) >= 0 ||
            ioctl(privcmd, IOCTL_PRIVCMD_HYPERCALL, addresses[i]) >= 0 ||
            open_file((const char *)(uintptr_t)addresses[i], O_RDONLY) >= 0) {
            return 0;
        }
    }
    return gate_lives() < 0 ? 0 : -EFAULT;
}

/* Until the kernel ends the one that has most */
static long no_memory(void)
{
    const size_t part = 1UL << 20;
    int status = 0;
    pid_t pid = fork();

    while (pid == 0) {
        mmap(NULL, part, PROT_READ | PROT_WRITE,
             MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    }
    waitpid(pid, &status, 0);
    note("ended by signal %d", WTERMSIG(status));
    return gate_lives() < 0 ? 0 : -ENOMEM;
}

/* --- floods: init lives, and answers -------------------------------------- */

static long requests(void)
{
    for (int i = 0; i < REQUESTS; i++) {
        open_file("/dev/console", O_RDWR);
        memset(words, 0, 64);
        ioctl(privcmd, IOCTL_PRIVCMD_HYPERCALL, words);
        ioctl(privcmd, i, words);
    }
    return gate_lives();
}

static long console(void)
{
    static char text[64 << 10];
    const time_t end = time(NULL) + CONSOLE_SECONDS;
    size_t sent = 0;

    memset(text, 'x', sizeof(text));
    for (size_t i = 63; i < sizeof(text); i += 64) {
        text[i] = '\n';
    }
    while (sent < CONSOLE_BYTES && time(NULL) < end) {
        ssize_t n = write(STDERR_FILENO, text, sizeof(text));

        if (n < 0) {
            break;
        }
        sent += n;
    }
    /* Until there is room for what comes of it */
    sleep(3);
    note("%zu KiB of log in %d s at most", sent >> 10, CONSOLE_SECONDS);
    return gate_lives();
}

static const Attempt attempts[] = {
    REFUSED("a hypercall's domain changed while init looks", argument),
    REFUSED("a hypercall's number changed while init looks", number),
    REFUSED("a path of its own changed while init looks", path_own),
    REFUSED("a path of init's changed while init looks", path_inits),
    REFUSED("a path changed to init's file", path_image),
    REFUSED("init harmed by threads that die", deaths),
    REFUSED("init harmed by signals to QEMU", interrupted),
    REFUSED("init harmed by memory that goes away", memory_goes),
    REFUSED("init harmed by odd addresses", odd_memory),
    REFUSED("init harmed by a lack of memory", no_memory),
    ALLOWED("a flood of requests", "init answers each, one after the other",
            requests),
    ALLOWED("a flood of QMP", "libxl takes 1 MiB of a line, then it hangs up",
            qmp_flood),
    ALLOWED("a flood of the log",
            "init reads it all, and prints little of it", console),
};

THEME(races_theme, "races and floods");
