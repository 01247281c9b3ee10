/*
 * PID 1 of the stub domain
 *
 * Copyright (c) 2026 The xen-pt-msi authors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Brings the domain up as far as QEMU needs it, starts QEMU with the arguments
 * that libxl left in xenstore, carries QMP between the two, and ends the domain
 * with QEMU. There is nothing else in this domain: no shell, no other program.
 *
 * It is QEMU that reports the domain as running (device-model/TARGET/state).
 * libxl has no way to be told that it will not: it waits for 30 seconds.
 */
#define _GNU_SOURCE         /* dup3() */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/reboot.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/sysinfo.h>
#include <sys/un.h>
#include <sys/utsname.h>
#include <termios.h>
#include <unistd.h>

#include "dm-args.h"
#include "end.h"
#include "log.h"
#include "modules.h"
#include "qmp-vchan.h"
#include "root.h"
#include "sandbox.h"
#include "store.h"
#include "xen-version.h"

#define CONSOLE "/dev/console"
#define QEMU "/bin/qemu"
#define QEMU_DATA "/usr/share/qemu"
#define MODULE_LIST "/etc/modules"
#define MODULE_DIR "/lib/modules"
/* Made by mkimage for a QEMU that opens /dev/mem */
#define KEEP_MEM "/etc/keep-dev-mem"
#define QMP_SOCKET "/run/qmp"
/* libxl's STUBDOM_CONSOLE_RESTORE is console 2. */
#define RESTORE_CONSOLE "/dev/hvc2"
#define TOOLSTACK_DOMID 0
/* The console's backend is given this long to fetch our last words. */
#define LAST_WORDS_MS 200

/* What the domain serves, 0: not known yet */
static unsigned target;

/* For the choice of stubdomain_memory= */
static void say_memory(void)
{
    struct sysinfo info;

    if (sysinfo(&info) == 0) {
        say("%lu KiB of memory, %lu KiB free",
            (unsigned long)info.totalram * info.mem_unit / 1024,
            (unsigned long)info.freeram * info.mem_unit / 1024);
    }
}

/* PID 1 must not return: the kernel would panic and hide what was said. */
static void __attribute__((noreturn)) end_domain(void)
{
    end_report(target);
    say("the stub domain ends");
    tcflow(STDERR_FILENO, TCOON);
    tcdrain(STDERR_FILENO);
    poll(NULL, 0, LAST_WORDS_MS);
    reboot(RB_POWER_OFF);
    _exit(EXIT_FAILURE);
}

static void __attribute__((noreturn)) fail(const char *what)
{
    int why = errno;

    end_report(target);
    say("%s: %s", what, strerror(why));
    end_domain();
}

/*
 * QEMU's map cache asks for a table that holds every address a guest might
 * have (402653184 bytes here) and touches little of it: the kernel's
 * guess refuses that in a domain with less memory.
 */
static void allow_overcommit(void)
{
    static const char path[] = "/proc/sys/vm/overcommit_memory";
    int fd = open(path, O_WRONLY | O_CLOEXEC);

    if (fd < 0 || write(fd, "1", 1) != 1) {
        fail(path);
    }
    close(fd);
}

/* The image holds no device nodes, so nothing may be open yet. */
static void open_console(void)
{
    int fd = open(CONSOLE, O_RDWR | O_NOCTTY);

    for (int i = 0; fd >= 0 && i <= STDERR_FILENO; i++) {
        if (fd != i) {
            dup2(fd, i);
        }
    }
    if (fd > STDERR_FILENO) {
        close(fd);
    }
}

/*
 * QEMU keeps what was opened first, and its settings are QEMU's to change. It
 * must not be able to make this process wait.
 */
static void open_own_console(void)
{
    int fd = open(CONSOLE, O_WRONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);

    if (fd < 0 || dup3(fd, STDERR_FILENO, O_CLOEXEC) < 0) {
        fail(CONSOLE);
    }
    close(fd);
}

/* A listening socket, so that a client need not wait for QEMU to make it */
static int listen_for_qemu(void)
{
    struct sockaddr_un addr = {
        .sun_family = AF_UNIX,
        .sun_path = QMP_SOCKET,
    };
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    if (fd < 0 || bind(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0 ||
        listen(fd, 1) < 0) {
        fail(QMP_SOCKET);
    }
    return fd;
}

static void open_restore_stream(void)
{
    struct termios raw;
    int fd = open(RESTORE_CONSOLE, O_RDONLY | O_NOCTTY);

    if (fd < 0 || tcgetattr(fd, &raw) < 0) {
        fail(RESTORE_CONSOLE);
    }
    cfmakeraw(&raw);
    if (tcsetattr(fd, TCSANOW, &raw) < 0 ||
        (fd != DM_RESTORE_FD && dup2(fd, DM_RESTORE_FD) < 0)) {
        fail(RESTORE_CONSOLE);
    }
}

static void say_arguments(char *const *argv)
{
    char line[LOG_LINE_MAX] = "";
    size_t len = 0;

    for (; *argv && len < sizeof(line); argv++) {
        len += snprintf(line + len, sizeof(line) - len, " %s", *argv);
    }
    say("starting%s", line);
}

/* Does not return if QEMU could be executed, as it is to be */
static void become_qemu(char **argv, int monitor_fd, bool restore,
                        bool keep_mem)
{
    static char *env[] = { NULL };
    /* Without it sysfs shows no more of config space than the header. */
    uint64_t caps = 1ULL << CAP_SYS_ADMIN;

    if (keep_mem) {
        caps |= 1ULL << CAP_SYS_RAWIO;
    }
    if (restore) {
        open_restore_stream();
    }
    if (sandbox_close_files(monitor_fd, restore ? DM_RESTORE_FD : -1) &&
        sandbox_drop_capabilities(caps) && sandbox_filter() &&
        sandbox_holds(keep_mem)) {
        execve(QEMU, argv, env);
        say("%s: %s", QEMU, strerror(errno));
    }
}

static pid_t start_qemu(int monitor_fd, bool keep_mem, const sigset_t *sigmask)
{
    static char chardev[64];
    static char *first[] = {
        "qemu", "-L", QEMU_DATA,
        "-sandbox", "on,obsolete=deny,elevateprivileges=deny,spawn=deny,"
                    "resourcecontrol=deny",
        "-chardev", chardev, "-mon", "chardev=stubdom-qmp,mode=control", NULL
    };
    char **args, **argv;
    size_t n;
    bool restore;
    pid_t pid;

    snprintf(chardev, sizeof(chardev),
             "socket,id=stubdom-qmp,fd=%d,server=on,wait=off", monitor_fd);
    if (!store_read_dm_args(target, &args, &n)) {
        end_domain();
    }
    argv = dm_argv_build(first, args, n, &restore);
    if (!argv) {
        fail(QEMU);
    }
    say_arguments(argv);
    pid = fork();
    if (pid < 0) {
        fail(QEMU);
    }
    if (pid == 0) {
        sigprocmask(SIG_SETMASK, sigmask, NULL);
        become_qemu(argv, monitor_fd, restore, keep_mem);
        _exit(127);
    }
    free(argv);
    open_own_console();
    return pid;
}

static void serve(pid_t qemu, int signals, QmpVchan *qmp)
{
    struct pollfd fds[QMP_POLL_COUNT + 1];
    struct pollfd *child = &fds[QMP_POLL_COUNT];
    struct signalfd_siginfo info;

    for (;;) {
        qmp_vchan_prepare(qmp, fds);
        *child = (struct pollfd) { .fd = signals, .events = POLLIN };
        if (poll(fds, QMP_POLL_COUNT + 1, -1) < 0 && errno != EINTR) {
            fail("poll");
        }
        if (child->revents && read(signals, &info, sizeof(info)) > 0 &&
            end_reap(qemu, target)) {
            return;
        }
        if (!qmp_vchan_step(qmp, fds)) {
            fail("QMP: event channel");
        }
    }
}

int main(void)
{
    char path[64];
    sigset_t children, before;
    struct libxenvchan *chan;
    int monitor, signals;
    bool keep_mem;
    pid_t qemu;
    struct utsname system;
    QmpVchan qmp;

    if (!root_mount()) {
        end_domain();
    }
    open_console();
    say("up: xen-pt-msi " VERSION ", Linux %s",
        uname(&system) == 0 ? system.release : "?");
    allow_overcommit();
    /* Our own kernel has none. */
    if (access(MODULE_LIST, F_OK) == 0) {
        if (!modules_load(MODULE_LIST, MODULE_DIR)) {
            end_domain();
        }
        say("modules are loaded");
    }
    if (!store_read_target(&target)) {
        end_domain();
    }
    say("serving domain %u", target);
    if (!xen_version_check()) {
        end_domain();
    }

    sigemptyset(&children);
    sigaddset(&children, SIGCHLD);
    sigprocmask(SIG_BLOCK, &children, &before);
    signals = signalfd(-1, &children, SFD_CLOEXEC | SFD_NONBLOCK);
    if (signals < 0) {
        fail("signalfd");
    }
    snprintf(path, sizeof(path), "device-model/%u/qmp-vchan", target);
    chan = libxenvchan_server_init(NULL, TOOLSTACK_DOMID, path, 0, 0);
    if (!chan) {
        fail(path);
    }
    qmp_vchan_init(&qmp, chan, QMP_SOCKET);
    monitor = listen_for_qemu();
    keep_mem = access(KEEP_MEM, F_OK) == 0;
    if (!root_sweep_nodes("/dev", keep_mem) || !root_seal()) {
        end_domain();
    }
    say_memory();
    qemu = start_qemu(monitor, keep_mem, &before);
    close(monitor);
    say("QEMU runs as process %d", (int)qemu);
    serve(qemu, signals, &qmp);
    /* A client that waits for an answer learns that none will come. */
    libxenvchan_close(chan);
    end_domain();
}
