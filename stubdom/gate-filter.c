/*
 * Which system calls QEMU makes itself, and which init looks at first
 *
 * Copyright (c) 2026 The xen-pt-msi authors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What is in neither list goes to init, which has an answer to openat() and to
 * a hypercall, and refuses the rest. The lists are what QEMU and its libraries
 * were seen to use on real Xen, and the siblings of those that another release
 * may use instead.
 *
 * libseccomp would do, but for one flag: without WAIT_KILLABLE_RECV a signal
 * interrupts QEMU while init works for it, the kernel starts the call anew, and
 * a pirq is mapped twice.
 */
#include <asm/termbits.h>
#include <errno.h>
#include <linux/cdrom.h>
#include <linux/filter.h>
#include <linux/fs.h>
#include <linux/hdreg.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <xen/xen.h>
#include <xen/sys/evtchn.h>
#include <xen/sys/gntdev.h>
#include <xen/sys/privcmd.h>

#include "gate-filter.h"

/* QEMU asks each file that is opened with O_DIRECT; only XFS knows. */
#define XFS_DIOINFO _IOR('X', 30, uint32_t[3])
#define ARRAY_SIZE(x) (sizeof(x) / sizeof((x)[0]))

static const uint32_t own_calls[] = {
    /* files that are open, or may be opened by anybody */
    SYS_read, SYS_write, SYS_readv, SYS_writev, SYS_pread64, SYS_pwrite64,
    SYS_preadv, SYS_pwritev, SYS_preadv2, SYS_pwritev2, SYS_lseek, SYS_close,
    SYS_close_range, SYS_dup, SYS_dup2, SYS_dup3, SYS_fcntl, SYS_flock,
    SYS_fsync, SYS_fdatasync, SYS_fadvise64, SYS_fallocate, SYS_ftruncate,
    SYS_stat, SYS_fstat, SYS_lstat, SYS_newfstatat, SYS_statx,
    SYS_statfs, SYS_fstatfs, SYS_access, SYS_faccessat, SYS_faccessat2,
    SYS_readlink, SYS_readlinkat, SYS_getdents64, SYS_getcwd, SYS_pipe2,
    /* waiting */
    SYS_poll, SYS_ppoll, SYS_select, SYS_pselect6, SYS_epoll_create1,
    SYS_epoll_ctl, SYS_epoll_wait, SYS_epoll_pwait, SYS_epoll_pwait2,
    SYS_eventfd2, SYS_signalfd4, SYS_nanosleep, SYS_clock_nanosleep,
    SYS_restart_syscall,
    /* time */
    SYS_clock_gettime, SYS_clock_getres, SYS_gettimeofday, SYS_time,
    /* memory */
    SYS_mmap, SYS_munmap, SYS_mprotect, SYS_mremap, SYS_madvise, SYS_msync,
    SYS_mincore, SYS_mlock, SYS_munlock, SYS_brk, SYS_membarrier,
    /* threads, and signals to them */
    SYS_clone, SYS_execve, SYS_exit, SYS_exit_group, SYS_futex,
    SYS_set_tid_address, SYS_set_robust_list, SYS_get_robust_list, SYS_rseq,
    SYS_arch_prctl, SYS_seccomp, SYS_sched_yield,
    SYS_sched_getaffinity, SYS_sched_getparam, SYS_sched_getscheduler,
    SYS_sched_get_priority_max, SYS_sched_get_priority_min, SYS_getcpu,
    SYS_rt_sigaction, SYS_rt_sigprocmask, SYS_rt_sigreturn, SYS_rt_sigpending,
    SYS_rt_sigsuspend, SYS_rt_sigtimedwait, SYS_sigaltstack, SYS_kill,
    SYS_tgkill, SYS_wait4, SYS_waitid,
    /* who and what it is */
    SYS_getpid, SYS_gettid, SYS_getppid, SYS_getuid, SYS_geteuid, SYS_getgid,
    SYS_getegid, SYS_uname, SYS_sysinfo, SYS_getrusage, SYS_getrlimit,
    SYS_setrlimit, SYS_prlimit64, SYS_umask, SYS_getrandom,
    /* its monitor */
    SYS_socket, SYS_socketpair, SYS_bind, SYS_listen, SYS_accept, SYS_accept4,
    SYS_connect, SYS_shutdown, SYS_getsockname, SYS_getpeername,
    SYS_getsockopt, SYS_setsockopt, SYS_sendto, SYS_recvfrom, SYS_sendmsg,
    SYS_recvmsg,
};

static const uint32_t own_ioctls[] = {
    /* privcmd: bound to the target */
    IOCTL_PRIVCMD_MMAPBATCH, IOCTL_PRIVCMD_MMAPBATCH_V2, IOCTL_PRIVCMD_DM_OP,
    IOCTL_PRIVCMD_RESTRICT, IOCTL_PRIVCMD_MMAP_RESOURCE,
    IOCTL_PRIVCMD_UNIMPLEMENTED,
    /* evtchn: bound to the target */
    IOCTL_EVTCHN_BIND_INTERDOMAIN, IOCTL_EVTCHN_UNBIND, IOCTL_EVTCHN_NOTIFY,
    IOCTL_EVTCHN_RESTRICT_DOMID,
    /* gntdev: what any domain has granted to this one */
    IOCTL_GNTDEV_MAP_GRANT_REF, IOCTL_GNTDEV_UNMAP_GRANT_REF,
    IOCTL_GNTDEV_GET_OFFSET_FOR_VADDR, IOCTL_GNTDEV_SET_MAX_GRANTS,
    IOCTL_GNTDEV_SET_UNMAP_NOTIFY, IOCTL_GNTDEV_GRANT_COPY,
    /* consoles, for serial ports; what the monitor has to read */
    TCGETS, TCSETS, TCSETSW, TCSETSF, TCGETS2, TCSETS2, TCSETSW2, TCSETSF2,
    TCFLSH, TCSBRK, TCSBRKP, TIOCGWINSZ, TIOCMGET, TIOCMSET, TIOCMBIS, TIOCMBIC,
    FIONREAD, FIONBIO,
    /* disks */
    BLKGETSIZE, BLKGETSIZE64, BLKSSZGET, BLKPBSZGET, BLKROGET, BLKSECTGET,
    BLKDISCARD, BLKZEROOUT, BLKFLSBUF, HDIO_GETGEO, CDROM_DRIVE_STATUS,
    CDROMEJECT, CDROMCLOSETRAY, CDROM_LOCKDOOR, XFS_DIOINFO,
};

static const uint32_t own_prctls[] = {
    PR_SET_NAME, PR_GET_NAME, PR_SET_TIMERSLACK, PR_MCE_KILL,
    PR_SET_NO_NEW_PRIVS, PR_GET_NO_NEW_PRIVS, PR_CAPBSET_READ,
};

#define LOAD(field) \
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define RETURN(what) BPF_STMT(BPF_RET | BPF_K, what)
/* What is before the lists */
#define HEAD 7
/* A list, and its two ends */
#define LENGTH(list) (ARRAY_SIZE(list) + 2)

/* Is what was loaded in LIST? Then it goes on. Returns where to write on. */
static struct sock_filter *put_list(struct sock_filter *at,
                                    const uint32_t *list, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        /* A jump of 0 is to the next line. */
        *at++ = (struct sock_filter)
                BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, list[i], n - i, 0);
    }
    *at++ = (struct sock_filter) RETURN(SECCOMP_RET_USER_NOTIF);
    *at++ = (struct sock_filter) RETURN(SECCOMP_RET_ALLOW);
    return at;
}

/* A jump has eight bits. */
_Static_assert(ARRAY_SIZE(own_calls) < 256, "too many system calls");
_Static_assert(ARRAY_SIZE(own_ioctls) < 256, "too many ioctls");

int gate_filter(void)
{
    struct sock_filter code[HEAD + LENGTH(own_calls) + LENGTH(own_ioctls) +
                            LENGTH(own_prctls)] = {
        LOAD(nr),
        /* of the 64 bits the kernel takes these; x86 has them first */
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_ioctl, 0, 2),
        LOAD(args[1]),
        BPF_STMT(BPF_JMP | BPF_JA | BPF_K, 3 + LENGTH(own_calls)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_prctl, 0, 2),
        LOAD(args[0]),
        BPF_STMT(BPF_JMP | BPF_JA | BPF_K,
                 LENGTH(own_calls) + LENGTH(own_ioctls)),
    };
    struct sock_filter *end = code + HEAD;
    struct sock_fprog program = { ARRAY_SIZE(code), code };

    end = put_list(end, own_calls, ARRAY_SIZE(own_calls));
    end = put_list(end, own_ioctls, ARRAY_SIZE(own_ioctls));
    put_list(end, own_prctls, ARRAY_SIZE(own_prctls));
    return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
                   SECCOMP_FILTER_FLAG_NEW_LISTENER |
                   SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV, &program);
}
