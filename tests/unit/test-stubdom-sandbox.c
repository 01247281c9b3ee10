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
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sandbox.h"

#define BAD -1L
#define EXIT_NO_SANDBOX 255
#define PROGRAM "/bin/true"

typedef struct Call {
    const char *name;
    long number;
    long args[6];
} Call;

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
    const pid_t init = getpid();
    const int file = open(PROGRAM, O_RDONLY | O_CLOEXEC);
    const long shared = (long)mmap(NULL, 4096, PROT_READ,
                                   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    struct rlimit limit;
    const Call calls[] = {
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
        { "mprotect: execute", SYS_mprotect,
          { 0, 4096, PROT_READ | PROT_EXEC } },
        /* of the test itself, which stands for init; nothing is changed */
        { "prlimit64", SYS_prlimit64, { init, RLIMIT_AS, 0, (long)&limit } },
        { "kill", SYS_kill, { init, 0 } },
        { "kill: all", SYS_kill, { BAD, 0 } },
        { "kill: group", SYS_kill, { 0, 0 } },
        { "tgkill", SYS_tgkill, { init, init, 0 } },
        { "sendto: out of band", SYS_sendto, { BAD, 0, 0, MSG_OOB } },
        { "recvfrom: out of band", SYS_recvfrom, { BAD, 0, 0, MSG_OOB } },
        { "sendmsg: out of band", SYS_sendmsg,
          { BAD, 0, MSG_OOB | MSG_DONTWAIT } },
        { "recvmsg: out of band", SYS_recvmsg, { BAD, 0, MSG_OOB } },
        { "setsockopt: filter", SYS_setsockopt,
          { BAD, SOL_SOCKET, SO_ATTACH_FILTER } },
        { "setsockopt: program", SYS_setsockopt,
          { BAD, SOL_SOCKET, SO_ATTACH_BPF } },
        { "setsockopt: filter of many", SYS_setsockopt,
          { BAD, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF } },
        { "setsockopt: program of many", SYS_setsockopt,
          { BAD, SOL_SOCKET, SO_ATTACH_REUSEPORT_EBPF } },
        { "clone: of a user", SYS_clone, { CLONE_NEWUSER | SIGCHLD } },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(calls); i++) {
        int status = run(make_call, &calls[i]);

        g_test_message("%s", calls[i].name);
        g_assert_true(WIFEXITED(status));
        g_assert_cmpint(WEXITSTATUS(status), ==, EPERM);
    }
}

/* Libraries do without, if it looks as if the kernel had none. */
static void test_unknown(void)
{
    static const char name[] = "";
    const Call calls[] = {
        { "clone3", SYS_clone3, { BAD, 0 } },
        { "memfd_create", SYS_memfd_create, { (long)name, 0 } },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(calls); i++) {
        int status = run(make_call, &calls[i]);

        g_test_message("%s", calls[i].name);
        g_assert_true(WIFEXITED(status));
        g_assert_cmpint(WEXITSTATUS(status), ==, ENOSYS);
    }
}

static void *nothing(void *arg)
{
    return arg;
}

static int work(const void *what)
{
    struct rlimit limit;
    pthread_t thread;
    int pair[2], file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    char *memory = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    (void)what;
    return file < 0 || memory == MAP_FAILED ||
           pthread_create(&thread, NULL, nothing, NULL) ||
           pthread_join(thread, NULL) ||
           mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, file, 0) ==
               MAP_FAILED ||
           mprotect(memory, 4096, PROT_READ) < 0 ||
           mremap(memory, 4096, 8192, MREMAP_MAYMOVE) == MAP_FAILED ||
           getrlimit(RLIMIT_NOFILE, &limit) < 0 ||
           setrlimit(RLIMIT_NOFILE, &limit) < 0 || kill(getpid(), 0) < 0 ||
           syscall(SYS_tgkill, getpid(), gettid(), 0) < 0 ||
           socketpair(AF_UNIX, SOCK_STREAM, 0, pair) < 0 ||
           socket(AF_UNIX, SOCK_STREAM, 0) < 0 ||
           send(pair[0], "", 1, MSG_DONTWAIT) != 1 ||
           setsockopt(pair[0], SOL_SOCKET, SO_PASSCRED, pair, 4) < 0 ||
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

/* Does /proc/self/status have the line FIELD, and VALUE? */
static bool status_has(const char *field, const char *value)
{
    g_autofree char *text = NULL, *line = NULL;

    g_assert_true(g_file_get_contents("/proc/self/status", &text, NULL, NULL));
    line = g_strdup_printf("\n%s:\t%s\n", field, value);
    return strstr(text, line);
}

static int become_nobody(void)
{
    static const char *const sets[] = {
        "CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb",
    };
    g_autofree char *user = g_strdup_printf("%d\t%d\t%d\t%d", SANDBOX_USER,
                                            SANDBOX_USER, SANDBOX_USER,
                                            SANDBOX_USER);

    if (!sandbox_drop_privileges() || !status_has("Uid", user) ||
        !status_has("Gid", user) || !status_has("Groups", " ")) {
        return 1;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(sets); i++) {
        if (!status_has(sets[i], "0000000000000000")) {
            return 2 + i;
        }
    }
    return setuid(0) == 0 ? EXIT_NO_SANDBOX : 0;
}

static void test_privileges(void)
{
    int status;
    pid_t pid;

    if (geteuid() != 0) {
        g_test_skip("only root has privileges to drop");
        return;
    }
    pid = fork();
    if (pid == 0) {
        _exit(become_nobody());
    }
    g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
    g_assert_cmpint(status, ==, 0);
}

static bool is_open(int fd)
{
    return fcntl(fd, F_GETFD) >= 0;
}

/* Exits with the first number that is wrong */
static int close_files(const int keep[3])
{
    for (int fd = 3; fd < 40; fd++) {
        dup2(STDERR_FILENO, fd);
    }
    if (!sandbox_close_files(keep, 3)) {
        return EXIT_NO_SANDBOX;
    }
    for (int fd = 0; fd < 50; fd++) {
        if (is_open(fd) != (fd < 3 || fd == keep[0] || fd == keep[1] ||
                            fd == keep[2])) {
            return fd + 1;
        }
    }
    return 0;
}

static void test_files(void)
{
    static const int keep[][3] = {
        { -1, -1, -1 }, { 3, -1, -1 }, { -1, 3, -1 }, { 9, 3, -1 },
        { 3, 4, 5 }, { 20, 39, 3 },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(keep); i++) {
        int status;
        pid_t pid = fork();

        if (pid == 0) {
            _exit(close_files(keep[i]));
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
    return sandbox_holds();
}

static void test_holds_not(void)
{
    g_assert_cmpint(run(look, NULL), ==, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/stubdom/sandbox/other-abi", test_other_abi);
    g_test_add_func("/stubdom/sandbox/refused", test_refused);
    g_test_add_func("/stubdom/sandbox/unknown", test_unknown);
    g_test_add_func("/stubdom/sandbox/allowed", test_allowed);
    g_test_add_func("/stubdom/sandbox/privileges", test_privileges);
    g_test_add_func("/stubdom/sandbox/files", test_files);
    g_test_add_func("/stubdom/sandbox/holds-not", test_holds_not);
    return g_test_run();
}
