/*
 * What QEMU may ask of the stub domain's kernel
 *
 * Copyright (c) 2026 The xen-pt-msi authors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * gate-filter.c has the system calls that it may make at all. What is here are
 * arguments that it may not give them. QEMU's own sandbox comes on top of this:
 * it can forbid what it needs itself to start (execve).
 */
#define _GNU_SOURCE         /* close_range(), CLONE_NEWUSER */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <sched.h>
#include <seccomp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "log.h"
#include "sandbox.h"

#define ARRAY_SIZE(x) (sizeof(x) / sizeof((x)[0]))

#define REFUSED SCMP_ACT_ERRNO(EPERM)
/* As if the kernel did not have it */
#define UNKNOWN SCMP_ACT_ERRNO(ENOSYS)

/* A forbidden call: always, or only where the arguments meet all conditions */
typedef struct Call {
    int number;
    unsigned n_conditions;
    struct scmp_arg_cmp conditions[2];
} Call;

typedef struct Group {
    uint32_t action;
    const Call *calls;
    size_t n;
} Group;

/* The name and the reason are for the reader; the program has neither. */
#define GROUP(name, action, why, ...) \
    { action, (const Call[]) { __VA_ARGS__ }, \
      ARRAY_SIZE(((const Call[]) { __VA_ARGS__ })) }
#define CALL(name) { .number = SYS_##name }
#define CALL_IF(name, ...) \
    { SYS_##name, ARRAY_SIZE(((struct scmp_arg_cmp[]) { __VA_ARGS__ })), \
      { __VA_ARGS__ } }
/* All 64 bits are compared; the kernel may look at fewer. */
#define IS_NOT(arg, value) { arg, SCMP_CMP_NE, value, 0 }
#define IS(arg, value) { arg, SCMP_CMP_EQ, value, 0 }
#define IS_ABOVE(arg, value) { arg, SCMP_CMP_GT, value, 0 }
#define HAS(arg, bits) { arg, SCMP_CMP_MASKED_EQ, bits, bits }
/* Stands for QEMU's own process, which is known when the filter is made */
#define QEMU_ITSELF 0xffffffffffffffff
/* The kernel rounds what is above up to 0, and takes 0 for "map it twice". */
#define MAX_SIZE 0xfffffffffffff000

/* tests/docs/sandbox.py compares these rows with the table of image.rst. */
static const Group groups[] = {
    GROUP("namespaces", REFUSED,
          "would give every capability, in a namespace of its own",
          CALL_IF(clone, HAS(0, CLONE_NEWUSER))),
    GROUP("tried at each start", UNKNOWN,
          "flags of clone3 are in memory, where a filter cannot see them; "
          "memfd_create makes files. QEMU and libraries do without",
          CALL(clone3), CALL(memfd_create)),
    GROUP("limits, signals", REFUSED,
          "the only other process is init, and the domain ends with it",
          CALL_IF(prlimit64, IS_NOT(0, 0)),
          CALL_IF(kill, IS_NOT(0, QEMU_ITSELF)),
          CALL_IF(tgkill, IS_NOT(0, QEMU_ITSELF))),
    GROUP("network", REFUSED,
          "a large part of the kernel; there is no network",
          CALL_IF(socket, IS_NOT(0, AF_UNIX)),
          CALL_IF(socketpair, IS_NOT(0, AF_UNIX))),
    GROUP("sockets", REFUSED,
          "a monitor needs neither data out of band nor a filter",
          CALL_IF(sendto, HAS(3, MSG_OOB)), CALL_IF(recvfrom, HAS(3, MSG_OOB)),
          CALL_IF(sendmsg, HAS(2, MSG_OOB)), CALL_IF(recvmsg, HAS(2, MSG_OOB)),
          CALL_IF(setsockopt, IS(2, SO_ATTACH_FILTER)),
          CALL_IF(setsockopt, IS(2, SO_ATTACH_BPF)),
          CALL_IF(setsockopt, IS(2, SO_ATTACH_REUSEPORT_CBPF)),
          CALL_IF(setsockopt, IS(2, SO_ATTACH_REUSEPORT_EBPF))),
    GROUP("new code", REFUSED,
          "this QEMU translates no code. Everything that can be executed is "
          "in the image, which is read-only, and no other mount may hold "
          "programs",
          CALL_IF(mmap, HAS(2, PROT_WRITE | PROT_EXEC)),
          CALL_IF(mmap, HAS(2, PROT_EXEC), HAS(3, MAP_ANONYMOUS)),
          CALL_IF(mmap, HAS(2, PROT_EXEC), HAS(3, MAP_SHARED)),
          CALL_IF(mprotect, HAS(2, PROT_EXEC)),
          CALL_IF(mremap, IS(1, 0)), CALL_IF(mremap, IS_ABOVE(1, MAX_SIZE))),
};

static int add_group(scmp_filter_ctx ctx, const Group *g)
{
    int rc = 0;

    for (size_t i = 0; i < g->n && rc == 0; i++) {
        Call c = g->calls[i];

        for (unsigned k = 0; k < c.n_conditions; k++) {
            if (c.conditions[k].datum_a == QEMU_ITSELF) {
                c.conditions[k].datum_a = getpid();
            }
        }
        rc = seccomp_rule_add_array(ctx, g->action, c.number, c.n_conditions,
                                    c.conditions);
    }
    return rc;
}

bool sandbox_filter(void)
{
    scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ALLOW);
    int rc = ctx ? 0 : -ENOMEM;

    if (rc == 0) {
        /* a call of another ABI, whose numbers mean something else */
        rc = seccomp_attr_set(ctx, SCMP_FLTATR_ACT_BADARCH,
                              SCMP_ACT_KILL_PROCESS);
    }
    for (size_t i = 0; i < ARRAY_SIZE(groups) && rc == 0; i++) {
        rc = add_group(ctx, &groups[i]);
    }
    if (rc == 0) {
        rc = seccomp_load(ctx);     /* sets no_new_privs too */
    }
    if (ctx) {
        seccomp_release(ctx);
    }
    if (rc < 0) {
        say("QEMU's system calls cannot be restricted: %s", strerror(-rc));
    }
    return rc == 0;
}

static bool is_kept(int fd, const int *keep, size_t n)
{
    while (n--) {
        if (keep[n] == fd) {
            return true;
        }
    }
    return false;
}

bool sandbox_close_files(const int *keep, size_t n)
{
    int fd = STDERR_FILENO + 1, last = STDERR_FILENO;

    for (size_t i = 0; i < n; i++) {
        last = last < keep[i] ? keep[i] : last;
    }
    for (; fd <= last; fd++) {
        if (!is_kept(fd, keep, n)) {
            close(fd);
        }
    }
    if (close_range(fd, ~0U, 0) < 0) {
        say("QEMU's files cannot be closed: %s", strerror(errno));
        return false;
    }
    return true;
}

bool sandbox_drop_privileges(void)
{
    struct __user_cap_header_struct head = {
        .version = _LINUX_CAPABILITY_VERSION_3,
    };
    struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = { 0 };
    bool ok = true;

    for (int cap = 0; ok && prctl(PR_CAPBSET_READ, cap) >= 0; cap++) {
        ok = prctl(PR_CAPBSET_DROP, cap) == 0;
    }
    ok = ok && setgroups(0, NULL) == 0 &&
         setresgid(SANDBOX_USER, SANDBOX_USER, SANDBOX_USER) == 0 &&
         setresuid(SANDBOX_USER, SANDBOX_USER, SANDBOX_USER) == 0 &&
         syscall(SYS_capset, &head, data) == 0;
    if (!ok) {
        say("QEMU's privileges cannot be dropped: %s", strerror(errno));
    }
    return ok;
}

/* Is FD, what should not have been opened, refused for the reason WHY? */
static bool denied(const char *what, int fd, int why)
{
    bool ok = fd < 0 && errno == why;

    if (!ok) {
        say("QEMU's sandbox does not hold: %s: %s", what,
            fd < 0 ? strerror(errno) : "can be opened");
    }
    if (fd >= 0) {
        close(fd);
    }
    return ok;
}

bool sandbox_holds(void)
{
    static const char root[] = "/init", setting[] = "/proc/sys/vm/swappiness";
    static const char node[] = "/dev/console";

    return denied(root, open(root, O_WRONLY), EROFS) &&
           denied(setting, open(setting, O_RDONLY), ENOENT) &&
           denied(node, open(node, O_RDONLY), EACCES) &&
           denied("network", socket(AF_INET, SOCK_DGRAM, 0), EPERM);
}
