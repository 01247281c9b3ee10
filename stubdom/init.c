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
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/reboot.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/sysinfo.h>
#include <sys/un.h>
#include <sys/utsname.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "dm-args.h"
#include "end.h"
#include "gate.h"
#include "log.h"
#include "modules.h"
#include "output.h"
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
/* This long the console is given for our last words, and then its backend. */
#define LAST_WORDS_MS 1000
#define BACKEND_MS 200
#define POLL_MS 10

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

/* Until the console has taken all, but not for ever */
static void drain_console(void)
{
    int left = 0;

    for (int ms = 0; ms < LAST_WORDS_MS; ms += POLL_MS) {
        if (ioctl(STDERR_FILENO, TIOCOUTQ, &left) < 0 || !left) {
            break;
        }
        poll(NULL, 0, POLL_MS);
    }
    poll(NULL, 0, BACKEND_MS);
}

/* PID 1 must not return: the kernel would panic and hide what was said. */
static void __attribute__((noreturn)) end_domain(void)
{
    end_report(target);
    say("the stub domain ends");
    drain_console();
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

/*
 * The image holds no device nodes, so nothing may be open yet. The console is
 * this process's alone, which must never wait for it.
 */
static void open_console(void)
{
    int fd = open(CONSOLE, O_RDWR | O_NOCTTY | O_NONBLOCK);

    for (int i = 0; fd >= 0 && i <= STDERR_FILENO; i++) {
        if (fd != i) {
            dup2(fd, i);
        }
    }
    if (fd > STDERR_FILENO) {
        close(fd);
    }
}

/* What QEMU has instead of the console */
static bool set_standard_files(int output)
{
    int null = open("/dev/null", O_RDONLY);

    return null >= 0 && dup2(null, STDIN_FILENO) >= 0 &&
           dup2(output, STDOUT_FILENO) >= 0 && dup2(output, STDERR_FILENO) >= 0;
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
static void become_qemu(char **argv, int monitor_fd, bool restore, int gate_fd,
                        int output)
{
    static char *env[] = { NULL };

    if (!set_standard_files(output)) {
        return;
    }
    if (restore) {
        open_restore_stream();
    }
    /* The gate closes GATE_FD. Before it, sandbox_holds() would prove less. */
    if (sandbox_close_files((int[]) { monitor_fd, gate_fd,
                                      restore ? DM_RESTORE_FD : -1 }, 3) &&
        sandbox_drop_privileges() && sandbox_filter() &&
        gate_enter(gate_fd) && sandbox_holds()) {
        execve(QEMU, argv, env);
        say("%s: %s", QEMU, strerror(errno));
    }
}

static int64_t now_s(void)
{
    struct timespec now = { 0 };

    clock_gettime(CLOCK_BOOTTIME, &now);
    return now.tv_sec;
}

static pid_t start_qemu(int monitor_fd, Gate *gate, Output *output,
                        const sigset_t *sigmask)
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
    int way[2], printed;
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
    if (!output_open(output, &printed)) {
        end_domain();
    }
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, way) < 0) {
        fail("socketpair");
    }
    pid = fork();
    if (pid < 0) {
        fail(QEMU);
    }
    if (pid == 0) {
        sigprocmask(SIG_SETMASK, sigmask, NULL);
        become_qemu(argv, monitor_fd, restore, way[1], printed);
        _exit(127);
    }
    free(argv);
    close(printed);
    close(way[1]);
    /* Nothing of QEMU's has run so far: this does not wait for it. */
    if (!gate_listen(gate, way[0])) {
        output_end(output, now_s());
        end_domain();
    }
    close(way[0]);
    return pid;
}

static void serve(pid_t qemu, int signals, QmpVchan *qmp, Gate *gate,
                  Output *output)
{
    struct pollfd fds[QMP_POLL_COUNT + 3];
    struct pollfd *child = &fds[QMP_POLL_COUNT], *request = child + 1;
    struct pollfd *printed = child + 2;
    struct signalfd_siginfo info;

    for (;;) {
        qmp_vchan_prepare(qmp, fds);
        *child = (struct pollfd) { .fd = signals, .events = POLLIN };
        *request = (struct pollfd) { .fd = gate->listener, .events = POLLIN };
        *printed = (struct pollfd) { .fd = output->fd, .events = POLLIN };
        if (poll(fds, QMP_POLL_COUNT + 3, -1) < 0 && errno != EINTR) {
            fail("poll");
        }
        if (request->revents & POLLIN) {
            gate_serve(gate);
        }
        if (child->revents && read(signals, &info, sizeof(info)) > 0 &&
            end_reap(qemu, target)) {
            return;
        }
        if (printed->revents) {
            output_step(output, now_s());
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
    static Gate gate;
    static Output output;
    unsigned domid;
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
    if (!store_read_target(&target) || !store_read_domid(&domid) ||
        !store_close_controls()) {
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
    if (!gate_open(&gate, target, domid, keep_mem) ||
        !root_sweep_nodes("/dev", keep_mem) || !root_seal()) {
        end_domain();
    }
    say_memory();
    qemu = start_qemu(monitor, &gate, &output, &before);
    close(monitor);
    say("QEMU runs as process %d", (int)qemu);
    serve(qemu, signals, &qmp, &gate, &output);
    output_end(&output, now_s());
    gate_report(&gate);
    /* A client that waits for an answer learns that none will come. */
    libxenvchan_close(chan);
    end_domain();
}
