/*
 * What QEMU may ask of the stub domain's kernel
 *
 * Copyright (c) 2026 The xen-pt-msi authors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * QEMU's own sandbox comes on top of this: it can forbid what it needs itself
 * to start (execve). What is here are whole groups that no QEMU needs, whatever
 * its version.
 */
#define _GNU_SOURCE         /* close_range() */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "log.h"
#include "sandbox.h"

#define ARRAY_SIZE(x) (sizeof(x) / sizeof((x)[0]))
#define CAP_WORD_BITS 32

/* Newer than the headers of the build machine may be */
#ifndef SYS_open_tree_attr
#define SYS_open_tree_attr 467
#endif
#define IOPRIO_WHO_PROCESS 1
/* Where the highest number of a system call is looked for */
#define NUMBERS_TRIED 1024

/* Nobody tries these in good faith. */
#define KILLED SCMP_ACT_KILL_PROCESS
/* A library may try these, and do without. */
#define REFUSED SCMP_ACT_ERRNO(EPERM)

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
    GROUP("kernel code", KILLED, "could make the kernel run other code",
          CALL(init_module), CALL(finit_module), CALL(delete_module),
          CALL(kexec_load), CALL(kexec_file_load), CALL(bpf)),
    GROUP("mounts", KILLED,
          "could undo the read-only mounts; CAP_SYS_ADMIN permits them",
          CALL(mount), CALL(umount2), CALL(pivot_root), CALL(chroot),
          CALL(open_tree), CALL(open_tree_attr), CALL(move_mount),
          CALL(fsopen), CALL(fsconfig), CALL(fsmount), CALL(fspick),
          CALL(mount_setattr), CALL(open_by_handle_at), CALL(swapon),
          CALL(swapoff), CALL(quotactl), CALL(acct)),
    GROUP("namespaces", KILLED,
          "would give back every capability, in a namespace of its own",
          CALL(unshare), CALL(setns)),
    GROUP("processes", KILLED,
          "the only other process is init, which is not confined",
          CALL(ptrace), CALL(process_vm_readv), CALL(process_vm_writev),
          CALL(process_madvise), CALL(pidfd_getfd), CALL(kcmp)),
    GROUP("limits, signals", REFUSED,
          "the only other process is init, and the domain ends with it",
          CALL_IF(prlimit64, IS_NOT(0, 0)),
          CALL_IF(setpriority, IS_NOT(0, PRIO_PROCESS)),
          CALL_IF(setpriority, IS_NOT(1, 0)),
          CALL_IF(ioprio_set, IS_NOT(0, IOPRIO_WHO_PROCESS)),
          CALL_IF(ioprio_set, IS_NOT(1, 0)),
          CALL_IF(sched_setaffinity, IS_NOT(0, 0)),
          CALL_IF(sched_setparam, IS_NOT(0, 0)),
          CALL_IF(sched_setscheduler, IS_NOT(0, 0)),
          CALL_IF(sched_setattr, IS_NOT(0, 0)),
          CALL_IF(kill, IS_NOT(0, QEMU_ITSELF)),
          CALL_IF(tgkill, IS_NOT(0, QEMU_ITSELF)),
          CALL_IF(rt_sigqueueinfo, IS_NOT(0, QEMU_ITSELF)),
          CALL_IF(rt_tgsigqueueinfo, IS_NOT(0, QEMU_ITSELF)),
          CALL(tkill), CALL(pidfd_open), CALL(pidfd_send_signal),
          CALL(process_mrelease)),
    GROUP("machine", KILLED, "QEMU needs none of them",
          CALL(reboot), CALL(iopl), CALL(ioperm), CALL(vhangup),
          CALL(sethostname), CALL(setdomainname)),
    GROUP("clocks", KILLED, "QEMU keeps the guest's clocks, not the domain's",
          CALL(settimeofday), CALL(clock_settime), CALL(clock_adjtime),
          CALL(adjtimex)),
    GROUP("network", REFUSED,
          "a large part of the kernel; there is no network",
          CALL_IF(socket, IS_NOT(0, AF_UNIX)),
          CALL_IF(socketpair, IS_NOT(0, AF_UNIX))),
    GROUP("new code", REFUSED,
          "this QEMU translates no code. Everything that can be executed is "
          "in the image, which is read-only, and no other mount may hold "
          "programs",
          CALL_IF(mmap, HAS(2, PROT_WRITE | PROT_EXEC)),
          CALL_IF(mmap, HAS(2, PROT_EXEC), HAS(3, MAP_ANONYMOUS)),
          CALL_IF(mmap, HAS(2, PROT_EXEC), HAS(3, MAP_SHARED)),
          CALL_IF(mprotect, HAS(2, PROT_EXEC)),
          CALL_IF(pkey_mprotect, HAS(2, PROT_EXEC)),
          CALL_IF(mremap, IS(1, 0)), CALL_IF(mremap, IS_ABOVE(1, MAX_SIZE)),
          CALL(remap_file_pages),
          CALL(memfd_create), CALL(memfd_secret), CALL(shmat),
          CALL(personality)),
    GROUP("large, unused", REFUSED,
          "each has had vulnerabilities; this QEMU is built without them",
          CALL(io_uring_setup), CALL(io_uring_enter), CALL(io_uring_register),
          CALL(userfaultfd), CALL(perf_event_open), CALL(add_key),
          CALL(request_key), CALL(keyctl), CALL(fanotify_init),
          CALL(modify_ldt)),
    GROUP("log", REFUSED, "reveals addresses of the kernel", CALL(syslog)),
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

/* The highest number of a system call that libseccomp has a name for */
static int newest_call(void)
{
    int newest = 0;

    for (int number = 0; number < NUMBERS_TRIED; number++) {
        char *name = seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, number);

        if (name) {
            newest = number;
        }
        free(name);
    }
    return newest;
}

/*
 * A kernel may have calls that nobody knew when the groups were written. This
 * cannot be said to libseccomp, which knows calls by name. Libraries do without
 * a call that the kernel lacks, so this is how it looks. The other filter has
 * seen to it that the numbers are those of x86-64.
 */
static int refuse_newer_calls(void)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, newest_call(), 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = { ARRAY_SIZE(code), code };

    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0 ? -errno
                                                                    : 0;
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
    if (rc == 0) {
        rc = refuse_newer_calls();
    }
    if (ctx) {
        seccomp_release(ctx);
    }
    if (rc < 0) {
        say("QEMU's system calls cannot be restricted: %s", strerror(-rc));
    }
    return rc == 0;
}

bool sandbox_close_files(int keep, int keep_too)
{
    int last = keep < keep_too ? keep_too : keep;
    int fd = STDERR_FILENO + 1;

    for (; fd <= last; fd++) {
        if (fd != keep && fd != keep_too) {
            close(fd);
        }
    }
    if (close_range(fd, ~0U, 0) < 0) {
        say("QEMU's files cannot be closed: %s", strerror(errno));
        return false;
    }
    return true;
}

bool sandbox_drop_capabilities(uint64_t keep)
{
    struct __user_cap_header_struct head = {
        .version = _LINUX_CAPABILITY_VERSION_3,
    };
    struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = { 0 };
    bool ok = true;

    /* root executes a program with all that is in the bounding set */
    for (int cap = 0; ok && prctl(PR_CAPBSET_READ, cap) >= 0; cap++) {
        ok = keep >> cap & 1 || prctl(PR_CAPBSET_DROP, cap) == 0;
    }
    for (size_t i = 0; i < ARRAY_SIZE(data); i++) {
        data[i].permitted = data[i].effective = keep >> (i * CAP_WORD_BITS);
    }
    ok = ok && syscall(SYS_capset, &head, data) == 0;
    if (!ok) {
        say("QEMU's capabilities cannot be dropped: %s", strerror(errno));
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

bool sandbox_holds(bool keep_mem)
{
    static const char root[] = "/init", setting[] = "/proc/sys/vm/swappiness";
    static const char mem[] = "/dev/mem";

    return denied(root, open(root, O_WRONLY), EROFS) &&
           denied(setting, open(setting, O_RDONLY), ENOENT) &&
           (keep_mem || denied(mem, open(mem, O_RDONLY), ENOENT)) &&
           denied("network", socket(AF_INET, SOCK_DGRAM, 0), EPERM);
}
