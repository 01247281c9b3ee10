/*
 * What QEMU may ask of the stub domain's kernel
 *
 * Copyright (c) 2026 The xen-pt-msi authors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * QEMU's own sandbox comes on top of this: it can forbid what it needs itself
 * to start (execve). What is here are whole groups that no QEMU needs, whatever
 * its version. docs/image.rst says of each group why.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <seccomp.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "log.h"
#include "sandbox.h"

#define ARRAY_SIZE(x) (sizeof(x) / sizeof((x)[0]))
#define CAP_WORD_BITS 32

/* Nobody tries these in good faith. */
static const int killed[] = {
    /* other code for the kernel */
    SCMP_SYS(init_module), SCMP_SYS(finit_module), SCMP_SYS(delete_module),
    SCMP_SYS(kexec_load), SCMP_SYS(kexec_file_load), SCMP_SYS(bpf),
    /* other mounts, another root */
    SCMP_SYS(mount), SCMP_SYS(umount2), SCMP_SYS(pivot_root), SCMP_SYS(chroot),
    SCMP_SYS(open_tree), SCMP_SYS(move_mount), SCMP_SYS(fsopen),
    SCMP_SYS(fsconfig), SCMP_SYS(fsmount), SCMP_SYS(fspick),
    SCMP_SYS(mount_setattr), SCMP_SYS(open_by_handle_at), SCMP_SYS(swapon),
    SCMP_SYS(swapoff), SCMP_SYS(quotactl), SCMP_SYS(acct),
    /* namespaces */
    SCMP_SYS(unshare), SCMP_SYS(setns),
    /* other processes, init above all */
    SCMP_SYS(ptrace), SCMP_SYS(process_vm_readv), SCMP_SYS(process_vm_writev),
    SCMP_SYS(pidfd_getfd), SCMP_SYS(process_madvise), SCMP_SYS(kcmp),
    /* the machine */
    SCMP_SYS(reboot), SCMP_SYS(iopl), SCMP_SYS(ioperm), SCMP_SYS(vhangup),
    SCMP_SYS(sethostname), SCMP_SYS(setdomainname),
    /* the clocks */
    SCMP_SYS(settimeofday), SCMP_SYS(clock_settime), SCMP_SYS(clock_adjtime),
    SCMP_SYS(adjtimex),
};

/* A library may try these, and do without. */
static const int refused[] = {
    /* large parts of the kernel that nothing here is made with */
    SCMP_SYS(io_uring_setup), SCMP_SYS(io_uring_enter),
    SCMP_SYS(io_uring_register), SCMP_SYS(userfaultfd),
    SCMP_SYS(perf_event_open), SCMP_SYS(add_key), SCMP_SYS(request_key),
    SCMP_SYS(keyctl), SCMP_SYS(fanotify_init), SCMP_SYS(modify_ldt),
    /* the kernel's log */
    SCMP_SYS(syslog),
    /* ways to memory that can be written and executed, see below */
    SCMP_SYS(memfd_create), SCMP_SYS(memfd_secret), SCMP_SYS(shmat),
    SCMP_SYS(personality),
};

static int add_sockets(scmp_filter_ctx ctx)
{
    static const int calls[] = { SCMP_SYS(socket), SCMP_SYS(socketpair) };
    int rc = 0;

    for (size_t i = 0; i < ARRAY_SIZE(calls) && rc == 0; i++) {
        rc = seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EPERM), calls[i], 1,
                              SCMP_A0(SCMP_CMP_NE, AF_UNIX));
    }
    return rc;
}

/*
 * No new code: no memory that can be written and executed, none that becomes
 * executable. All that a program maps for execution is a file of the image,
 * which is read-only, and every other mount is noexec.
 */
static int add_no_new_code(scmp_filter_ctx ctx)
{
    static const int calls[] = { SCMP_SYS(mprotect), SCMP_SYS(pkey_mprotect) };
    const uint64_t both = PROT_WRITE | PROT_EXEC;
    int rc = seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(mmap), 1,
                              SCMP_A2(SCMP_CMP_MASKED_EQ, both, both));

    for (size_t i = 0; i < ARRAY_SIZE(calls) && rc == 0; i++) {
        rc = seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EPERM), calls[i], 1,
                              SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC,
                                      PROT_EXEC));
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
    for (size_t i = 0; i < ARRAY_SIZE(killed) && rc == 0; i++) {
        rc = seccomp_rule_add(ctx, SCMP_ACT_KILL_PROCESS, killed[i], 0);
    }
    for (size_t i = 0; i < ARRAY_SIZE(refused) && rc == 0; i++) {
        rc = seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EPERM), refused[i], 0);
    }
    if (rc == 0) {
        rc = add_sockets(ctx);
    }
    if (rc == 0) {
        rc = add_no_new_code(ctx);
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
           denied(setting, open(setting, O_WRONLY), EROFS) &&
           (keep_mem || denied(mem, open(mem, O_RDONLY), ENOENT)) &&
           denied("network", socket(AF_INET, SOCK_DGRAM, 0), EPERM);
}
