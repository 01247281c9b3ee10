/*
 * The stub domain's sandbox, on this machine's kernel
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Every call is made by a child of its own, under the filter that QEMU gets.
 * The lists are not the sandbox's own, so that a call that is dropped there is
 * missed here.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <inttypes.h>
#include <linux/capability.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sandbox.h"

/* Nothing happens if it is let through. */
#define CALL(name) { #name, SYS_##name, { BAD, BAD, BAD, BAD, BAD, BAD } }
#define BAD -1L
#define EXIT_NO_SANDBOX 255
#define PROGRAM "/bin/true"

typedef struct Call {
    const char *name;
    long number;
    long args[6];
} Call;

/* Of Linux 6.15; the headers may be older. */
#ifndef SYS_open_tree_attr
#define SYS_open_tree_attr 467
#endif
#define IOPRIO_WHO_PROCESS 1
#define IOPRIO_WHO_USER 3

/* How a child ends that calls F under the filter: as waitpid() has it */
static int run(int (*f)(const void *), const void *what)
{
    int status;
    pid_t pid = fork();

    g_assert_cmpint(pid, >=, 0);
    if (pid == 0) {
        setsid();           /* no terminal that vhangup() could hang up */
        _exit(sandbox_filter() ? f(what) : EXIT_NO_SANDBOX);
    }
    g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
    return status;
}

/* Exits with the errno, 0: the call has succeeded. */
static int make_call(const void *what)
{
    const Call *c = what;
    long rc = syscall(c->number, c->args[0], c->args[1], c->args[2],
                      c->args[3], c->args[4], c->args[5]);

    return rc < 0 ? errno : 0;
}

static void test_killed(void)
{
    static const Call calls[] = {
        CALL(init_module), CALL(finit_module), CALL(delete_module),
        CALL(kexec_load), CALL(kexec_file_load), CALL(bpf), CALL(mount),
        CALL(umount2), CALL(pivot_root), CALL(chroot), CALL(open_tree),
        CALL(open_tree_attr), CALL(move_mount), CALL(fsopen), CALL(fsconfig),
        CALL(fsmount), CALL(fspick), CALL(mount_setattr),
        CALL(open_by_handle_at),
        CALL(swapon), CALL(swapoff), CALL(quotactl), CALL(acct), CALL(unshare),
        CALL(setns), CALL(ptrace), CALL(process_vm_readv),
        CALL(process_vm_writev), CALL(pidfd_getfd), CALL(process_madvise),
        CALL(kcmp), CALL(reboot), CALL(iopl), CALL(ioperm), CALL(vhangup),
        CALL(sethostname), CALL(setdomainname), CALL(settimeofday),
        CALL(clock_settime), CALL(clock_adjtime), CALL(adjtimex),
    };

    for (size_t i = 0; i < G_N_ELEMENTS(calls); i++) {
        int status = run(make_call, &calls[i]);

        g_test_message("%s", calls[i].name);
        g_assert_true(WIFSIGNALED(status));
        g_assert_cmpint(WTERMSIG(status), ==, SIGSYS);
    }
}

/* Another ABI's numbers would be another list. */
static int call_i386(const void *what)
{
    long rc;

    (void)what;
    signal(SIGSEGV, SIG_DFL);   /* not the sanitizer's, which exits */
    /* mount(), the 21st, with a bad address */
    asm volatile("int $0x80" : "=a"(rc)
                 : "0"(21), "b"(0), "c"(0), "d"(0), "S"(0), "D"(0) : "memory");
    return 0;
}

/* Without CONFIG_IA32_EMULATION the instruction itself faults. */
static bool kernel_has_i386(void)
{
    int status;
    pid_t pid = fork();

    g_assert_cmpint(pid, >=, 0);
    if (pid == 0) {
        _exit(call_i386(NULL));
    }
    g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
    return !WIFSIGNALED(status);
}

static void test_other_abi(void)
{
    int status = run(call_i386, NULL);

    if (!kernel_has_i386()) {
        g_assert_cmpint(WTERMSIG(status), ==, SIGSEGV);
        g_test_skip("this kernel has no calls of i386");
        return;
    }
    g_assert_true(WIFSIGNALED(status));
    g_assert_cmpint(WTERMSIG(status), ==, SIGSYS);
}

static void test_refused(void)
{
    static const char page[] = "";
    const struct sched_param param = { 0 };
    const siginfo_t info = { .si_code = SI_QUEUE };
    const pid_t init = getpid();
    const int file = open(PROGRAM, O_RDONLY | O_CLOEXEC);
    const long shared = (long)mmap(NULL, 4096, PROT_READ,
                                   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    struct rlimit limit;
    cpu_set_t cpus;
    const Call calls[] = {
        { "io_uring_setup", SYS_io_uring_setup, { 0 } },
        { "io_uring_enter", SYS_io_uring_enter, { BAD } },
        { "io_uring_register", SYS_io_uring_register, { BAD } },
        { "userfaultfd", SYS_userfaultfd, { BAD } },
        { "perf_event_open", SYS_perf_event_open, { 0 } },
        { "add_key", SYS_add_key, { 0 } },
        { "request_key", SYS_request_key, { 0 } },
        { "keyctl", SYS_keyctl, { BAD } },
        { "fanotify_init", SYS_fanotify_init, { BAD } },
        { "modify_ldt", SYS_modify_ldt, { BAD } },
        { "syslog", SYS_syslog, { BAD } },
        { "memfd_create", SYS_memfd_create, { (long)page, 0 } },
        { "memfd_secret", SYS_memfd_secret, { 0 } },
        { "shmat", SYS_shmat, { BAD } },
        { "personality", SYS_personality, { 0xffffffff } },
        { "socket: inet", SYS_socket, { AF_INET, SOCK_STREAM } },
        { "socket: inet6", SYS_socket, { AF_INET6, SOCK_STREAM } },
        { "socket: netlink", SYS_socket, { AF_NETLINK, SOCK_RAW } },
        { "socket: packet", SYS_socket, { AF_PACKET, SOCK_RAW } },
        { "socket: unspecified", SYS_socket, { AF_UNSPEC, SOCK_STREAM } },
        { "socketpair: inet", SYS_socketpair, { AF_INET, SOCK_STREAM } },
        { "mmap: write, execute", SYS_mmap,
          { 0, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
            MAP_PRIVATE | MAP_ANONYMOUS, -1 } },
        { "mmap: write, execute, file", SYS_mmap,
          { 0, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE, file } },
        { "mmap: execute, shared", SYS_mmap,
          { 0, 4096, PROT_READ | PROT_EXEC, MAP_SHARED | MAP_ANONYMOUS, -1 } },
        { "mmap: execute, anonymous", SYS_mmap,
          { 0, 4096, PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1 } },
        { "mmap: execute, shared file", SYS_mmap,
          { 0, 4096, PROT_READ | PROT_EXEC, MAP_SHARED, file } },
        { "mmap: execute, validated", SYS_mmap,
          { 0, 4096, PROT_READ | PROT_EXEC, MAP_SHARED_VALIDATE, file } },
        { "mremap: twice", SYS_mremap, { shared, 0, 4096, MREMAP_MAYMOVE } },
        { "mremap: twice, by rounding", SYS_mremap,
          { shared, -4095, 4096, MREMAP_MAYMOVE } },
        { "remap_file_pages", SYS_remap_file_pages, { shared, 4096, 0, 0, 0 } },
        { "mprotect: execute", SYS_mprotect,
          { 0, 4096, PROT_READ | PROT_EXEC } },
        { "pkey_mprotect: execute", SYS_pkey_mprotect,
          { 0, 4096, PROT_EXEC, -1 } },
        /* of the test itself, which stands for init; nothing is changed */
        { "prlimit64", SYS_prlimit64, { init, RLIMIT_AS, 0, (long)&limit } },
        { "setpriority", SYS_setpriority, { PRIO_PROCESS, init, 0 } },
        { "setpriority: user", SYS_setpriority, { PRIO_USER, 0, 0 } },
        { "ioprio_set", SYS_ioprio_set, { IOPRIO_WHO_PROCESS, init, 0 } },
        { "ioprio_set: user", SYS_ioprio_set, { IOPRIO_WHO_USER, 0, 0 } },
        { "sched_setaffinity", SYS_sched_setaffinity,
          { init, sizeof(cpus), (long)&cpus } },
        { "sched_setparam", SYS_sched_setparam, { init, (long)&param } },
        { "sched_setscheduler", SYS_sched_setscheduler,
          { init, SCHED_OTHER, (long)&param } },
        { "sched_setattr", SYS_sched_setattr, { init, 0, 0 } },
        { "kill", SYS_kill, { init, 0 } },
        { "kill: all", SYS_kill, { BAD, 0 } },
        { "kill: group", SYS_kill, { 0, 0 } },
        { "tkill", SYS_tkill, { init, 0 } },
        { "tgkill", SYS_tgkill, { init, init, 0 } },
        { "rt_sigqueueinfo", SYS_rt_sigqueueinfo, { init, 0, (long)&info } },
        { "rt_tgsigqueueinfo", SYS_rt_tgsigqueueinfo,
          { init, init, 0, (long)&info } },
        { "pidfd_open", SYS_pidfd_open, { init, 0 } },
        { "pidfd_send_signal", SYS_pidfd_send_signal, { BAD } },
        { "process_mrelease", SYS_process_mrelease, { BAD } },
    };

    g_assert_cmpint(sched_getaffinity(0, sizeof(cpus), &cpus), ==, 0);
    for (size_t i = 0; i < G_N_ELEMENTS(calls); i++) {
        int status = run(make_call, &calls[i]);

        g_test_message("%s", calls[i].name);
        g_assert_true(WIFEXITED(status));
        g_assert_cmpint(WEXITSTATUS(status), ==, EPERM);
    }
}

/* Above what libseccomp knows, for this kernel may have calls there */
static void test_newer(void)
{
    Call call = CALL(read);
    int newest = 0;

    for (int number = 0; number < 1024; number++) {
        char *name = seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, number);

        newest = name ? number : newest;
        free(name);
    }
    for (call.number = newest + 1; call.number < newest + 50; call.number++) {
        /* This one is killed, as it is listed. */
        if (call.number != SYS_open_tree_attr) {
            int status = run(make_call, &call);

            g_test_message("%ld", call.number);
            g_assert_true(WIFEXITED(status));
            g_assert_cmpint(WEXITSTATUS(status), ==, ENOSYS);
        }
    }
}

static int work(const void *what)
{
    struct rlimit limit;
    int pair[2], file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    char *memory = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    (void)what;
    return file < 0 || memory == MAP_FAILED ||
           mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, file, 0) ==
               MAP_FAILED ||
           mprotect(memory, 4096, PROT_READ) < 0 ||
           mremap(memory, 4096, 8192, MREMAP_MAYMOVE) == MAP_FAILED ||
           getrlimit(RLIMIT_NOFILE, &limit) < 0 ||
           setrlimit(RLIMIT_NOFILE, &limit) < 0 || kill(getpid(), 0) < 0 ||
           syscall(SYS_tgkill, getpid(), gettid(), 0) < 0 ||
           socketpair(AF_UNIX, SOCK_STREAM, 0, pair) < 0 ||
           socket(AF_UNIX, SOCK_STREAM, 0) < 0 ||
           write(pair[0], "", 1) != 1 || fcntl(pair[1], F_GETFL) < 0 ||
           prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1;
}

static int execute(const void *what)
{
    char program[] = PROGRAM, *argv[] = { program, NULL };
    char *env[] = { NULL };

    (void)what;
    execve(program, argv, env);
    return errno;
}

static void test_allowed(void)
{
    g_assert_cmpint(run(work, NULL), ==, 0);
    /* The loader maps libraries, so it runs under the rules for memory. */
    g_assert_cmpint(run(execute, NULL), ==, 0);
}

/* Is what /proc/self/status says of FIELD the mask CAPS? */
static bool status_has(const char *field, uint64_t caps)
{
    g_autofree char *text = NULL, *line = NULL;

    g_assert_true(g_file_get_contents("/proc/self/status", &text, NULL, NULL));
    line = g_strdup_printf("\n%s:\t%016" PRIx64 "\n", field, caps);
    return strstr(text, line);
}

static void test_capabilities(void)
{
    const uint64_t keep = 1ULL << CAP_SYS_ADMIN;
    int status;
    pid_t pid;

    if (geteuid() != 0) {
        g_test_skip("only root has capabilities to drop");
        return;
    }
    pid = fork();
    if (pid == 0) {
        _exit(!sandbox_drop_capabilities(keep) ||
              !status_has("CapEff", keep) || !status_has("CapPrm", keep) ||
              !status_has("CapBnd", keep) || !status_has("CapInh", 0) ||
              !status_has("CapAmb", 0));
    }
    g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
    g_assert_cmpint(status, ==, 0);
}

static bool is_open(int fd)
{
    return fcntl(fd, F_GETFD) >= 0;
}

/* Exits with the first number that is wrong */
static int close_files(int keep, int keep_too)
{
    for (int fd = 3; fd < 40; fd++) {
        dup2(STDERR_FILENO, fd);
    }
    if (!sandbox_close_files(keep, keep_too)) {
        return EXIT_NO_SANDBOX;
    }
    for (int fd = 0; fd < 50; fd++) {
        if (is_open(fd) != (fd < 3 || fd == keep || fd == keep_too)) {
            return fd + 1;
        }
    }
    return 0;
}

static void test_files(void)
{
    static const int keep[][2] = {
        { -1, -1 }, { 3, -1 }, { -1, 3 }, { 9, 3 }, { 3, 4 }, { 20, 39 },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(keep); i++) {
        int status;
        pid_t pid = fork();

        if (pid == 0) {
            _exit(close_files(keep[i][0], keep[i][1]));
        }
        g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
        g_assert_true(WIFEXITED(status));
        g_assert_cmpint(WEXITSTATUS(status), ==, 0);
    }
}

/* Nothing is sealed on this machine: the sandbox has to notice. */
static int look(const void *what)
{
    int null = open("/dev/null", O_WRONLY);

    (void)what;
    dup2(null, STDERR_FILENO);
    return sandbox_holds(true);
}

static void test_holds_not(void)
{
    g_assert_cmpint(run(look, NULL), ==, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/stubdom/sandbox/killed", test_killed);
    g_test_add_func("/stubdom/sandbox/other-abi", test_other_abi);
    g_test_add_func("/stubdom/sandbox/refused", test_refused);
    g_test_add_func("/stubdom/sandbox/newer", test_newer);
    g_test_add_func("/stubdom/sandbox/allowed", test_allowed);
    g_test_add_func("/stubdom/sandbox/capabilities", test_capabilities);
    g_test_add_func("/stubdom/sandbox/files", test_files);
    g_test_add_func("/stubdom/sandbox/holds-not", test_holds_not);
    return g_test_run();
}
