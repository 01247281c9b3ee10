/*
 * init, privileges, and every system call
 *
 * Copyright (c) 2026 The xen-pt-msi authors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/reboot.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "evil.h"

#define INIT 1
#define NUMBERS 600
#define X32 0x40000000
#define CALL(...) result(syscall(__VA_ARGS__))

/* --- init ----------------------------------------------------------------- */

static long signals(void)
{
    const int numbers[] = { SIGKILL, SIGSTOP, SIGTERM, SIGCHLD, SIGSEGV, 40 };
    siginfo_t info = { .si_code = SI_QUEUE };

    for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
        int n = numbers[i];

        if (CALL(SYS_kill, INIT, n) >= 0 ||
            CALL(SYS_kill, -1, n) >= 0 ||
            CALL(SYS_tgkill, INIT, INIT, n) >= 0 ||
            CALL(SYS_tkill, INIT, n) >= 0 ||
            CALL(SYS_rt_sigqueueinfo, INIT, n, &info) >= 0 ||
            CALL(SYS_rt_tgsigqueueinfo, INIT, INIT, n, &info) >= 0) {
            note("signal %d", n);
            return 0;
        }
    }
    return -errno;
}

/* A signal by the kernel, when there is something to read */
static long owner(void)
{
    int ends[2];

    if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) < 0 ||
        fcntl(ends[0], F_SETSIG, SIGKILL) < 0 ||
        fcntl(ends[0], F_SETOWN, INIT) < 0 ||
        fcntl(ends[0], F_SETFL, O_ASYNC) < 0 || write(ends[1], "x", 1) != 1) {
        return -errno;
    }
    return gate_lives() < 0 ? 0 : -EPERM;
}

static long pidfd(void)
{
    return CALL(SYS_pidfd_open, INIT, 0);
}

static long pidfd_signal(void)
{
    return CALL(SYS_pidfd_send_signal, 0, SIGKILL, NULL, 0);
}

static long trace(void)
{
    return CALL(SYS_ptrace, 16 /* PTRACE_ATTACH */, INIT, 0, 0);
}

static long read_init(void)
{
    struct iovec here = { words, 64 }, there = { (void *)0x400000, 64 };

    return CALL(SYS_process_vm_readv, INIT, &here, 1, &there, 1, 0);
}

static long write_init(void)
{
    struct iovec here = { words, 64 }, there = { (void *)0x400000, 64 };

    return CALL(SYS_process_vm_writev, INIT, &here, 1, &there, 1, 0);
}

static long steal_descriptor(void)
{
    return CALL(SYS_pidfd_getfd, 3, 0, 0);
}

static long limits(void)
{
    struct rlimit none = { 0, 0 };

    return CALL(SYS_prlimit64, INIT, RLIMIT_NOFILE, &none, NULL);
}

static long priorities(void)
{
    unsigned long cpu = 1;
    int zero = 0;

    if (CALL(SYS_setpriority, PRIO_PROCESS, INIT, 19) >= 0 ||
        CALL(SYS_setpriority, PRIO_USER, 0, 19) >= 0 ||
        CALL(SYS_setpriority, PRIO_PGRP, 0, 19) >= 0 ||
        CALL(SYS_ioprio_set, 1, INIT, 0) >= 0 ||
        CALL(SYS_sched_setaffinity, INIT, sizeof(cpu), &cpu) >= 0 ||
        CALL(SYS_sched_setparam, INIT, &zero) >= 0 ||
        CALL(SYS_sched_setscheduler, INIT, SCHED_IDLE, &zero) >= 0 ||
        CALL(SYS_sched_setattr, INIT, words, 0) >= 0) {
        return 0;
    }
    return -errno;
}

/* Processes that are init's children, for their parent ends first */
static long childs_end(void)
{
    for (int i = 0; i < 20; i++) {
        pid_t pid = fork();

        if (pid == 0) {
            if (fork() == 0) {
                usleep(20000);
                _exit(9);
            }
            _exit(0);
        }
        waitpid(pid, NULL, 0);
    }
    usleep(100000);
    return gate_lives() < 0 ? 0 : -ECHILD;
}

static long other_client(void)
{
    struct sockaddr_un a = { AF_UNIX, "/run/qmp" };

    return result(connect(socket(AF_UNIX, SOCK_STREAM, 0),
                          (struct sockaddr *)&a, sizeof(a)));
}

/* --- privileges ----------------------------------------------------------- */

static long become_root(void)
{
    if (CALL(SYS_setuid, 0) >= 0 || CALL(SYS_setresuid, 0, 0, 0) >= 0 ||
        CALL(SYS_setreuid, 0, 0) >= 0 || CALL(SYS_setgid, 0) >= 0 ||
        CALL(SYS_setfsuid, 0) == 0 || CALL(SYS_setgroups, 1, words) >= 0) {
        return 0;
    }
    return -errno;
}

static long capabilities(void)
{
    struct __user_cap_header_struct head = { _LINUX_CAPABILITY_VERSION_3, 0 };
    struct __user_cap_data_struct data[2] = { { 1U << CAP_SYS_ADMIN,
                                                1U << CAP_SYS_ADMIN, 0 } };
    long rc = CALL(SYS_capset, &head, data);

    return rc < 0 ? CALL(SYS_prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE,
                         CAP_SYS_ADMIN, 0, 0) : rc;
}

/* It asks what it has, and has none. */
static long has_any(void)
{
    struct __user_cap_header_struct head = { _LINUX_CAPABILITY_VERSION_3, 0 };
    struct __user_cap_data_struct data[2] = { { 0 } };

    syscall(SYS_capget, &head, data);
    for (int i = 0; i < 64; i++) {
        if (prctl(PR_CAPBSET_READ, i) > 0) {
            return 0;
        }
    }
    return data[0].effective | data[0].permitted | data[0].inheritable |
           data[1].effective | data[1].permitted | data[1].inheritable |
           !getuid() | !geteuid() | !getgid() | !getegid() ? 0 : -EPERM;
}

static long unsharing(void)
{
    return CALL(SYS_unshare, CLONE_NEWUSER);
}

static long entering(void)
{
    return CALL(SYS_setns, 0, 0);
}

static long cloned(unsigned long flags)
{
    pid_t pid = syscall(SYS_clone, flags | SIGCHLD, 0, 0, 0, 0);

    if (pid == 0) {
        _exit(0);
    }
    return result(pid);
}

static long new_user(void)
{
    return cloned(CLONE_NEWUSER);
}

static long new_others(void)
{
    return cloned(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWPID);
}

static long new_user_3(void)
{
    uint64_t args[11] = { CLONE_NEWUSER, 0, 0, 0, SIGCHLD };
    pid_t pid = syscall(SYS_clone3, args, sizeof(args));

    if (pid == 0) {
        _exit(0);
    }
    return result(pid);
}

/* Another program: it is as confined as this one. */
static long execute(void)
{
    char *argv[] = { "init", NULL };
    int ends[2], why = 0;

    if (syscall(SYS_pipe2, ends, O_CLOEXEC) < 0) {
        return -errno;
    }
    if (fork() == 0) {
        execve("/init", argv, argv + 1);
        why = errno;
        _exit(write(ends[1], &why, sizeof(why)) < 0);
    }
    close(ends[1]);
    return read(ends[0], &why, sizeof(why)) == sizeof(why) ? -why : 0;
}

static long execute_at(void)
{
    return CALL(SYS_execveat, AT_FDCWD, "/init", NULL, NULL, 0);
}

static long vforked(void)
{
    pid_t pid = syscall(SYS_vfork);

    if (pid == 0) {
        _exit(0);
    }
    return result(pid);
}

/* Each kills this process, or is no call here. */
#define CALLS_ONE(name, ...) \
    static long name(void) { return CALL(__VA_ARGS__); }
CALLS_ONE(mounting, SYS_mount, "x", "/run", "tmpfs", 0, NULL)
CALLS_ONE(unmounting, SYS_umount2, "/sys", 0)
CALLS_ONE(opening_tree, SYS_open_tree, AT_FDCWD, "/", 0)
CALLS_ONE(opening_tree_attr, 467, AT_FDCWD, "/", 0, NULL, 0)
CALLS_ONE(setting_mount, SYS_mount_setattr, AT_FDCWD, "/", 0, words, 32)
CALLS_ONE(new_root, SYS_chroot, "/sys")
CALLS_ONE(rebooting, SYS_reboot, 0xfee1dead, 672274793, 0x4321fedc, 0)
CALLS_ONE(ports, SYS_iopl, 3)
CALLS_ONE(some_ports, SYS_ioperm, 0, 16, 1)
CALLS_ONE(module, SYS_init_module, words, 64, "")
CALLS_ONE(kernel, SYS_kexec_load, 0, 0, NULL, 0)
CALLS_ONE(bpf, SYS_bpf, BPF_PROG_LOAD, words, 64)
CALLS_ONE(clocks, SYS_settimeofday, words, NULL)
CALLS_ONE(keys, SYS_keyctl, 0, 0, 0, 0, 0)
CALLS_ONE(counters, SYS_perf_event_open, words, 0, -1, -1, 0)
CALLS_ONE(faults, SYS_userfaultfd, 0)
CALLS_ONE(ring, SYS_io_uring_setup, 8, words)
CALLS_ONE(segments, SYS_modify_ldt, 1, words, 16)
CALLS_ONE(kernel_log, SYS_syslog, 3, words, 64)

static long network(void)
{
    for (int family = 0; family < 64; family++) {
        int type = family == AF_NETLINK ? SOCK_RAW : SOCK_STREAM;

        if (family != AF_UNIX && socket(family, type, 0) >= 0) {
            note("family %d", family);
            return 0;
        }
    }
    return -errno;
}

static long listener(void)
{
    struct sock_filter pass = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF);
    struct sock_fprog program = { 1, &pass };

    return CALL(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
                SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);
}

/* A filter of its own that allows all: the strictest counts. */
static long filter_undone(void)
{
    struct sock_filter pass = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    struct sock_fprog program = { 1, &pass };
    long rc = CALL(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
                   SECCOMP_FILTER_FLAG_TSYNC, &program);

    return rc < 0 ? rc : CALL(SYS_personality, 0);
}

static long not_strict(void)
{
    return CALL(SYS_prctl, PR_SET_NO_NEW_PRIVS, 0, 0, 0, 0);
}

static long socket_filter(void)
{
    struct sock_filter pass = BPF_STMT(BPF_RET | BPF_K, ~0U);
    struct sock_fprog program = { 1, &pass };
    int fd = socket(AF_UNIX, SOCK_DGRAM, 0);

    return result(setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program,
                             sizeof(program)));
}

/* --- every number --------------------------------------------------------- */

static void faulted(int number)
{
    (void)number;
    _exit(ENOSYS);
}

/* A kernel without them takes the instruction for a fault. */
static long by_i386(void)
{
    long rc;

    signal(SIGSEGV, faulted);
    /* getpid */
    asm volatile("int $0x80" : "=a"(rc) : "a"(20) : "memory", "r8", "r9",
                 "r10", "r11");
    return rc;
}

static long by_x32(void)
{
    return CALL(X32 | SYS_getpid);
}

/* They ask, or change what is this process's alone. */
static bool harmless(int nr)
{
    static const int numbers[] = {
        SYS_getpid, SYS_gettid, SYS_getppid, SYS_getuid, SYS_geteuid,
        SYS_getgid, SYS_getegid, SYS_umask, SYS_brk, SYS_sched_yield,
        SYS_set_tid_address, SYS_close_range, SYS_time, SYS_times,
        SYS_restart_syscall, SYS_munlock, SYS_flock,
    };

    for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
        if (numbers[i] == nr) {
            return true;
        }
    }
    return false;
}

static long each_call(void)
{
    unsigned killed = 0, refused = 0;
    long rc = -ENOSYS;

    for (int nr = 0; nr < NUMBERS; nr++) {
        int status;
        pid_t pid;

        if (nr == SYS_exit || nr == SYS_exit_group || nr == SYS_rt_sigreturn) {
            continue;
        }
        pid = fork();
        if (pid == 0) {
            long bad = -1;

            limit(20);
            _exit(syscall(nr, bad, bad, bad, bad, bad, bad) >= 0);
        }
        if (pid < 0 || waitpid(pid, &status, 0) < 0) {
            return 0;
        }
        if (WIFSIGNALED(status)) {
            killed++;
            if (WTERMSIG(status) != SIGSYS) {
                note("system call %d: signal %d", nr, WTERMSIG(status));
            }
        } else if (WEXITSTATUS(status) && !harmless(nr)) {
            note("system call %d", nr);
            rc = 0;
        } else {
            refused++;
        }
    }
    note("%u system calls refused or harmless, %u killed", refused, killed);
    return rc;
}

static const Attempt attempts[] = {
    REFUSED("signals to init", signals),
    REFUSED("a signal to init by F_SETOWN", owner),
    REFUSED("init's pidfd", pidfd),
    REFUSED("a signal by pidfd", pidfd_signal),
    REFUSED("ptrace on init", trace),
    REFUSED("init's memory read", read_init),
    REFUSED("init's memory written", write_init),
    REFUSED("init's descriptors", steal_descriptor),
    REFUSED("init's limits", limits),
    REFUSED("init's priority", priorities),
    REFUSED("init deceived by a child's end", childs_end),
    REFUSED("QMP as another client", other_client),
    REFUSED("to be root", become_root),
    REFUSED("a capability", capabilities),
    REFUSED("a capability, root's user or group that it has", has_any),
    REFUSED("unshare", unsharing),
    REFUSED("setns", entering),
    REFUSED("a user namespace by clone", new_user),
    REFUSED("other namespaces by clone", new_others),
    REFUSED("a user namespace by clone3", new_user_3),
    ALLOWED("another program executed",
            "init starts QEMU so, and its filters stay; QEMU's own -sandbox "
            "forbids it", execute),
    REFUSED("execveat", execute_at),
    REFUSED("vfork", vforked),
    REFUSED("mount", mounting),
    REFUSED("umount2", unmounting),
    REFUSED("open_tree", opening_tree),
    REFUSED("open_tree_attr", opening_tree_attr),
    REFUSED("mount_setattr", setting_mount),
    REFUSED("chroot", new_root),
    REFUSED("reboot", rebooting),
    REFUSED("iopl", ports),
    REFUSED("ioperm", some_ports),
    REFUSED("init_module", module),
    REFUSED("kexec_load", kernel),
    REFUSED("bpf", bpf),
    REFUSED("settimeofday", clocks),
    REFUSED("keyctl", keys),
    REFUSED("perf_event_open", counters),
    REFUSED("userfaultfd", faults),
    REFUSED("io_uring_setup", ring),
    REFUSED("modify_ldt", segments),
    REFUSED("syslog", kernel_log),
    REFUSED("sockets but AF_UNIX", network),
    REFUSED("a listener of its own", listener),
    REFUSED("a filter that allows all", filter_undone),
    REFUSED("no_new_privs taken back", not_strict),
    REFUSED("a filter on a socket", socket_filter),
    REFUSED("system calls of i386", by_i386),
    REFUSED("system calls of x32", by_x32),
    REFUSED("each system call, with bad arguments", each_call),
};

THEME(processes_theme, "processes");
