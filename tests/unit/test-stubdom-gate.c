/*
 * The gate, on this machine's kernel
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A child that is nobody enters the gate, and this process, which stands for
 * init, serves it. What stands for libxencall and for xenstore is here. A /sys
 * is made up, in a mount namespace of its own, which takes root.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <xencall.h>
#include <xenctrl.h>
#include <xen/hvm/hvm_op.h>
#include <xen/hvm/params.h>
#include <xen/sys/privcmd.h>

#include "devices.h"
#include "gate-files.h"
#include "gate.h"
#include "sandbox.h"
#include "store.h"

#define TARGET 7
#define DOMID 9
#define PARAM 0x1234
#define SYSFS "/sys/bus/pci/devices"
#define CONFIG SYSFS "/0000:00:01.0/config"
#define EXIT_NO_GATE 250

/* --- what stands for Xen and xenstore ------------------------------------- */

static struct {
    unsigned calls;
    unsigned delay_ms;      /* that a hypercall takes */
    unsigned domid;         /* of the last one */
    const char *names[DEVICES_MAX + 2][2];
    unsigned n_names;
} w;

xencall_handle *xencall_open(struct xentoollog_logger *logger, unsigned flags)
{
    (void)logger;
    (void)flags;
    return (xencall_handle *)&w;
}

void *xencall_alloc_buffer_pages(xencall_handle *x, size_t n)
{
    static uint8_t pages[2][4096];
    static unsigned next;

    (void)x;
    g_assert_cmpuint(n, ==, 1);
    return pages[next++ % G_N_ELEMENTS(pages)];
}

int xencall1(xencall_handle *x, unsigned op, uint64_t a)
{
    (void)x;
    (void)op;
    (void)a;
    w.calls++;
    return 0;
}

int xencall2(xencall_handle *x, unsigned op, uint64_t command, uint64_t a)
{
    struct xen_hvm_param *p = (void *)(uintptr_t)a;

    (void)x;
    g_assert_cmpuint(op, ==, __HYPERVISOR_hvm_op);
    g_assert_cmpuint(command, ==, HVMOP_get_param);
    w.calls++;
    w.domid = p->domid;
    poll(NULL, 0, w.delay_ms);
    p->value = PARAM;
    return 0;
}

bool store_pci_open(StorePciDevices *s, unsigned domid)
{
    g_assert_cmpuint(domid, ==, DOMID);
    s->next = 0;
    return w.n_names;
}

bool store_pci_next(StorePciDevices *s, char host[STORE_NAME_MAX],
                    char local[STORE_NAME_MAX])
{
    if (s->next == w.n_names) {
        return false;
    }
    g_strlcpy(host, w.names[s->next][0], STORE_NAME_MAX);
    g_strlcpy(local, w.names[s->next][1], STORE_NAME_MAX);
    s->next++;
    return true;
}

void store_pci_close(StorePciDevices *s)
{
    (void)s;
}

/* --- files ---------------------------------------------------------------- */

static void test_files(void)
{
    static const struct {
        const char *path;
        GateFile what;
    } rows[] = {
        { "/dev/xen/privcmd", GATE_FILE_PRIVCMD },
        { "/dev/xen/evtchn", GATE_FILE_EVTCHN },
        { "/dev/xen/gntdev", GATE_FILE_PLAIN },
        { "/dev/xen/xenbus", GATE_FILE_PLAIN },
        { "/dev/xvda", GATE_FILE_PLAIN }, { "/dev/xvdz", GATE_FILE_PLAIN },
        { "/dev/xvdaa", GATE_FILE_PLAIN }, { "/dev/hvc3", GATE_FILE_PLAIN },
        { CONFIG, GATE_FILE_CONFIG },
        { SYSFS "/00ff:ff:1f.7/config", GATE_FILE_CONFIG },
        { SYSFS "/0000:00:01.0/resource0", GATE_FILE_BAR },
        { SYSFS "/0000:00:01.0/resource5", GATE_FILE_BAR },
        { SYSFS "/0000:00:01.0/rom", GATE_FILE_PLAIN },
        { "", GATE_FILE_OWN }, { "/", GATE_FILE_OWN },
        { "/dev/xen/privcm", GATE_FILE_OWN },
        { "/dev/xen/privcmd/", GATE_FILE_OWN },
        { "/dev/xen/../mem", GATE_FILE_OWN },
        { "/dev/xen//privcmd", GATE_FILE_OWN },
        { "dev/xen/privcmd", GATE_FILE_OWN },
        { "/dev/xen/gntalloc", GATE_FILE_OWN },
        { "/dev/xen/hypercall", GATE_FILE_OWN },
        { "/dev/console", GATE_FILE_OWN }, { "/dev/hvc0", GATE_FILE_OWN },
        { "/dev/hvc1", GATE_FILE_OWN }, { "/dev/hvc2", GATE_FILE_OWN },
        { "/dev/hvc10", GATE_FILE_OWN }, { "/dev/xvd", GATE_FILE_OWN },
        { "/dev/xvda/../mem", GATE_FILE_OWN }, { "/dev/mem", GATE_FILE_OWN },
        { "/dev/null", GATE_FILE_OWN }, { "/init", GATE_FILE_OWN },
        { SYSFS "/0000:00:01.0/remove", GATE_FILE_OWN },
        { SYSFS "/0000:00:01.0/reset", GATE_FILE_OWN },
        { SYSFS "/0000:00:01.0/enable", GATE_FILE_OWN },
        { SYSFS "/0000:00:01.0/driver_override", GATE_FILE_OWN },
        { SYSFS "/0000:00:01.0/resource", GATE_FILE_OWN },
        { SYSFS "/0000:00:01.0/resource0_wc", GATE_FILE_OWN },
        { SYSFS "/0000:00:01.0/resource0_resize", GATE_FILE_OWN },
        { SYSFS "/0000:00:01.8/config", GATE_FILE_OWN },
        { SYSFS "/0000:00:01.0/../rescan", GATE_FILE_OWN },
        { SYSFS "/00000:00:01.0/config", GATE_FILE_OWN },
        { SYSFS "/..00:00:01.0/config", GATE_FILE_OWN },
        { "/sys/devices/pci-0/pci0000:00/0000:00:01.0/config", GATE_FILE_OWN },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_test_message("%s", rows[i].path);
        g_assert_cmpint(gate_file(rows[i].path, false), ==, rows[i].what);
    }
    g_assert_cmpint(gate_file("/dev/mem", true), ==, GATE_FILE_PLAIN);
    g_assert_cmpint(gate_file("/dev/mem/", true), ==, GATE_FILE_OWN);
    g_assert_cmpint(gate_file("/dev/kmem", true), ==, GATE_FILE_OWN);
}

static void test_flags(void)
{
    static const int bad[] = {
        O_CREAT, O_TRUNC, O_APPEND, O_PATH, O_TMPFILE, O_DIRECTORY, O_ASYNC,
        INT_MIN,
    };
    const int always = O_CLOEXEC | O_NOCTTY;

    g_assert_cmpint(gate_file_flags(O_RDONLY), ==, O_RDONLY | always);
    g_assert_cmpint(gate_file_flags(O_RDWR | O_CLOEXEC | O_DIRECT), ==,
                    O_RDWR | O_DIRECT | always);
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_assert_cmpint(gate_file_flags(O_RDWR | bad[i]), ==, -1);
    }
}

/* --- devices -------------------------------------------------------------- */

static void test_resource(void)
{
    static const struct {
        const char *line;
        Range r;            /* .last 0: there is none */
    } rows[] = {
        { "0x00000000fe000000 0x00000000fe003fff 0x0000000000040200\n",
          { 0xfe000000, 0xfe003fff, false } },
        { "0x000000000000c000 0x000000000000c01f 0x0000000000040101\n",
          { 0xc000, 0xc01f, true } },
        { "0x0000008000000000 0x0000008fffffffff 0x000000000014220c\n",
          { 0x8000000000, 0x8fffffffff, false } },
        { "0x0000000000000000 0x0000000000000000 0x0000000000000000\n",
          { 0, 0, false } },
        /* not assigned */
        { "0x0000000000000000 0x0000000000003fff 0x0000000000040200\n",
          { 0, 0, false } },
        { "0x00000000fe004000 0x00000000fe003fff 0x0000000000040200\n",
          { 0, 0, false } },
        /* of some other kind: a bus number */
        { "0x0000000000000001 0x00000000000000ff 0x0000000000001000\n",
          { 0, 0, false } },
        { "", { 0, 0, false } },
        { "0x00000000fe000000 0x00000000fe003fff\n", { 0, 0, false } },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        Range r = { 1, 2, false };
        bool ok = devices_parse_resource(rows[i].line, &r);

        g_test_message("%s", rows[i].line);
        g_assert_cmpint(ok, ==, rows[i].r.last != 0);
        g_assert_cmpuint(r.first, ==, ok ? rows[i].r.first : 1);
        g_assert_cmpuint(r.last, ==, ok ? rows[i].r.last : 2);
        g_assert_cmpint(r.io, ==, ok && rows[i].r.io);
    }
}

static void put(const char *dir, const char *name, const void *what, size_t n)
{
    g_autofree char *path = g_build_filename(dir, name, NULL);
    g_autofree char *parent = g_path_get_dirname(path);

    g_assert_cmpint(g_mkdir_with_parents(parent, 0755), ==, 0);
    g_assert_true(g_file_set_contents(path, what, n, NULL));
    g_assert_cmpint(chmod(path, 0600), ==, 0);
}

static void put_device(const char *sysfs, const char *name, const char *class,
                       uint8_t line)
{
    g_autofree char *dir = g_build_filename(sysfs, name, NULL);
    static const char resource[] =
        "0x00000000fe000000 0x00000000fe003fff 0x0000000000040200\n"
        "0x0000000000000000 0x0000000000000000 0x0000000000000000\n"
        "0x000000000000c000 0x000000000000c01f 0x0000000000040101\n"
        "0x0000000000000000 0x0000000000000000 0x0000000000000000\n"
        "0x0000000000000000 0x0000000000000000 0x0000000000000000\n"
        "0x0000000000000000 0x0000000000000000 0x0000000000000000\n"
        "0x00000000fe100000 0x00000000fe10ffff 0x0000000000046200\n"
        /* a bridge's window, which is not the device's own */
        "0x00000000fd000000 0x00000000fdffffff 0x0000000000046200\n";
    uint8_t config[64] = { [0x3c] = line };

    put(dir, "resource", resource, sizeof(resource) - 1);
    put(dir, "class", class, strlen(class));
    put(dir, "config", config, sizeof(config));
}

static void remove_tree(const char *dir)
{
    g_autofree char *clean = g_strdup_printf("rm -r %s", dir);

    g_assert_cmpint(system(clean), ==, 0);
}

static void test_devices(void)
{
    g_autofree char *dir = g_dir_make_tmp("stubdom-pci-XXXXXX", NULL);
    static Devices d;

    put_device(dir, "0000:00:00.0", "0x010601\n", 17);
    put_device(dir, "0000:00:01.0", "0x030000\n", 0xff);
    w.n_names = 0;
    d.n = 3;
    devices_read(&d, DOMID, dir);
    g_assert_cmpuint(d.n, ==, 0);
    /* the third is not in sysfs yet, the others no names */
    static const char *const names[][2] = {
        { "0000:03:01.0", "0000:00:00.0" }, { "0001:ff:1f.7", "0:0:1.0" },
        { "0000:05:00.0", "0000:00:02.0" }, { "0000:05:20.0", "0000:00:00.0" },
        { "0000:05:00.8", "0000:00:00.0" }, { "0000:100:00.0", "0:0:0.0" },
        { "0000:05:00.0x", "0000:00:00.0" }, { "", "0000:00:00.0" },
        { "0000:05:00.0", "../0000:00:00.0" },
    };
    w.n_names = G_N_ELEMENTS(names);
    memcpy(w.names, names, sizeof(names));
    devices_read(&d, DOMID, dir);
    g_assert_cmpuint(d.n, ==, 2);
    g_assert_nonnull(devices_find(&d, 0, 3, 0x08));
    g_assert_true(devices_find(&d, 1, 0xff, 0xff) == &d.list[1]);
    g_assert_null(devices_find(&d, 0, 0, 0));
    g_assert_null(devices_find(&d, 1, 3, 0x08));
    g_assert_true(devices_have_line(&d, 17));
    g_assert_false(devices_have_line(&d, 0));
    g_assert_false(devices_have_line(&d, 0xff));
    g_assert_cmpuint(d.list[0].n_ranges, ==, 3);
    g_assert_true(devices_have_range(&d, NULL, 0xfe100000, 0xfe10ffff, false));
    g_assert_false(devices_have_range(&d, NULL, 0xfe100000, 0xfe10ffff, true));
    g_assert_false(devices_have_range(&d, NULL, 0xfd000000, 0xfd000fff,
                                      false));
    /* legacy VGA is the display's */
    g_assert_false(devices_have_range(&d, &d.list[0], 0x3c0, 0x3c0, true));
    g_assert_true(devices_have_range(&d, &d.list[1], 0x3c0, 0x3df, true));
    g_assert_true(devices_have_range(&d, NULL, 0xa0000, 0xbffff, false));
    g_assert_false(devices_have_range(&d, NULL, 0xa0000, 0xc0000, false));
    /* There are more than fit. */
    for (w.n_names = 0; w.n_names < DEVICES_MAX + 2; w.n_names++) {
        w.names[w.n_names][0] = "0000:03:01.0";
        w.names[w.n_names][1] = "0000:00:00.0";
    }
    devices_read(&d, DOMID, dir);
    g_assert_cmpuint(d.n, ==, DEVICES_MAX);
    w.n_names = 0;
    remove_tree(dir);
}

static void test_ram(void)
{
    static const char *const bad[] = {
        "00000000-00000fff : Reserved\n", "", "x : System RAM\n",
        "00001000-00001000 : System RAM\n",
        /* to somebody who may not know */
        "00000000-00000000 : System RAM\n",
    };
    static const char iomem[] =
        "00000000-00000fff : Reserved\n00001000-0009ffff : System RAM\n"
        "  00010000-00010fff : System RAM (inner)\n"
        "00100000-0fffffff : System RAM\n  01000000-01400000 : Kernel code\n"
        "fe000000-fe003fff : PCI Bus 0000:00\n";
    static const char resource[] =
        "0x00000000fe000000 0x00000000fe003fff 0x0000000000040200\n"
        "0x0000000000a00000 0x0000000000a03fff 0x0000000000040200\n"
        "0x0000000000001000 0x000000000000101f 0x0000000000040101\n"
        "0x000000000fffff00 0x00000000100000ff 0x0000000000040200\n"
        "0x0000000000000000 0x0000000000000000 0x0000000000000000\n"
        "0x0000000010000000 0x0000000010000fff 0x0000000000040200\n";
    static const bool may[] = { true, false, true, false, false, true, false };
    g_autofree char *dir = g_dir_make_tmp("stubdom-ram-XXXXXX", NULL);
    g_autofree char *file = g_build_filename(dir, "iomem", NULL);
    Ram ram;

    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        put(dir, "iomem", bad[i], strlen(bad[i]));
        g_assert_false(devices_read_ram(file, &ram));
    }
    g_assert_false(devices_read_ram("/nowhere", &ram));
    put(dir, "iomem", iomem, strlen(iomem));
    g_assert_true(devices_read_ram(file, &ram));
    put(dir, "resource", resource, strlen(resource));
    for (size_t i = 0; i < G_N_ELEMENTS(may); i++) {
        g_autofree char *path = g_strdup_printf("%s/resource%zu", dir, i);

        g_test_message("%zu", i);
        g_assert_cmpint(devices_may_map(path, &ram), ==, may[i]);
    }
    g_assert_false(devices_may_map("/nowhere/resource0", &ram));
    remove_tree(dir);
}

/* --- the gate itself ------------------------------------------------------ */

typedef int Work(void);

/* Exit status of a child that does WORK behind the gate; -1: it was killed */
static int behind_gate(Gate *g, Work *work)
{
    int way[2], status;
    pid_t pid;

    w.calls = 0;
    g_assert_true(gate_open(g, TARGET, DOMID, false));
    g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM, 0, way), ==, 0);
    pid = fork();
    if (pid == 0) {
        int keep[] = { way[1] };

        if (!sandbox_close_files(keep, 1) || !sandbox_drop_privileges() ||
            !sandbox_filter() || !gate_enter(way[1])) {
            _exit(EXIT_NO_GATE);
        }
        _exit(work());
    }
    close(way[1]);
    g_assert_true(gate_listen(g, way[0]));
    close(way[0]);
    for (;;) {
        struct pollfd fd = { .fd = g->listener, .events = POLLIN };

        poll(&fd, 1, -1);
        if (fd.revents & POLLIN) {
            gate_serve(g);
        } else if (fd.revents & POLLHUP) {
            break;
        }
    }
    close(g->listener);
    g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
    gate_report(g);
    seccomp_notify_free(g->request, g->answer);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int get_param(unsigned domid, uint64_t *value)
{
    struct xen_hvm_param p = { .domid = domid, .index = HVM_PARAM_IOREQ_PFN };
    privcmd_hypercall_t c = {
        .op = __HYPERVISOR_hvm_op,
        .arg = { HVMOP_get_param, (uintptr_t)&p },
    };
    int rc = ioctl(STDERR_FILENO, IOCTL_PRIVCMD_HYPERCALL, &c);

    *value = p.value;
    return rc;
}

static int make_hypercalls(void)
{
    uint64_t value;

    if (get_param(TARGET, &value) || value != PARAM) {
        return 1;
    }
    if (get_param(TARGET + 1, &value) != -1 || errno != EPERM || value) {
        return 2;
    }
    if (ioctl(STDERR_FILENO, IOCTL_PRIVCMD_HYPERCALL, 8) != -1 ||
        errno != EFAULT) {
        return 3;
    }
    /* The kernel takes 32 bits of the number. */
    if (syscall(SYS_ioctl, STDERR_FILENO,
                IOCTL_PRIVCMD_HYPERCALL | 1ULL << 32, 8) != -1 ||
        errno != EFAULT) {
        return 4;
    }
    return 0;
}

static void test_hypercalls(void)
{
    Gate g;

    g_assert_cmpint(behind_gate(&g, make_hypercalls), ==, 0);
    g_assert_cmpuint(w.calls, ==, 1);
    g_assert_cmpuint(w.domid, ==, TARGET);
    g_assert_cmpuint(g.n_kinds, ==, 1);
    g_assert_cmpuint(g.kinds[0].n, ==, 1);
    g_assert_true(g.closed);
}

/* The argument is where memory ends: half of it is none. */
static int make_half_a_call(void)
{
    const struct xen_hvm_param p = {
        .domid = TARGET, .index = HVM_PARAM_IOREQ_PFN,
    };
    char *page = mmap(NULL, 8192, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    char *at = page + 4096 - sizeof(p) / 2;
    privcmd_hypercall_t c = {
        .op = __HYPERVISOR_hvm_op, .arg = { HVMOP_get_param, (uintptr_t)at },
    };

    munmap(page + 4096, 4096);
    memcpy(at, &p, sizeof(p) / 2);
    return ioctl(STDERR_FILENO, IOCTL_PRIVCMD_HYPERCALL, &c) != -1 ||
           errno != EFAULT;
}

static void test_half_a_call(void)
{
    Gate g;

    g_assert_cmpint(behind_gate(&g, make_half_a_call), ==, 0);
    g_assert_cmpuint(w.calls, ==, 0);
    g_assert_cmpuint(g.n_kinds, ==, 0);
}

static int ask_often(void)
{
    uint64_t value;

    for (int i = 0; i < 5; i++) {
        get_param(TARGET + 1, &value);
        syscall(SYS_mkdir, "", 0);
        ioctl(STDERR_FILENO, TIOCSTI, "x");
    }
    return 0;
}

/* Once while it happens, and once in the end */
static void test_told_once(void)
{
    static const char *const words[] = {
        "QEMU may not do HVMOP_get_param", "QEMU may not make system call",
        "QEMU may not make ioctl", "HVMOP_get_param 0, 5 times",
        "system call 83, 5 times", "ioctl 21522, 5 times",
    };
    int log = memfd_create("log", MFD_CLOEXEC), before = dup(STDERR_FILENO);
    char text[4096] = "";
    Gate g;

    dup2(log, STDERR_FILENO);
    g_assert_cmpint(behind_gate(&g, ask_often), ==, 0);
    dup2(before, STDERR_FILENO);
    close(before);
    g_assert_cmpint(pread(log, text, sizeof(text) - 1, 0), >, 0);
    close(log);
    for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
        const char *first = strstr(text, words[i]);

        g_test_message("%s", words[i]);
        g_assert_nonnull(first);
        g_assert_null(strstr(first + 1, words[i]));
    }
}

static void on_alarm(int signal)
{
    (void)signal;
}

static void *send_signals(void *arg)
{
    pthread_t *to = arg;

    for (int i = 0; i < 20; i++) {
        poll(NULL, 0, 2);
        pthread_kill(*to, SIGALRM);
    }
    return NULL;
}

/* A signal must not have the call made twice. */
static int be_interrupted(void)
{
    struct sigaction action = {
        .sa_handler = on_alarm, .sa_flags = SA_RESTART,
    };
    pthread_t self = pthread_self(), other;
    uint64_t value;

    return sigaction(SIGALRM, &action, NULL) ||
           pthread_create(&other, NULL, send_signals, &self) ||
           get_param(TARGET, &value) || value != PARAM ||
           pthread_join(other, NULL);
}

static void test_interrupted(void)
{
    Gate g;

    w.delay_ms = 50;
    g_assert_cmpint(behind_gate(&g, be_interrupted), ==, 0);
    w.delay_ms = 0;
    g_assert_cmpuint(w.calls, ==, 1);
}

static int make_other_calls(void)
{
    static const int numbers[] = {
        SYS_chmod, SYS_fchmodat, SYS_mkdir, SYS_unlink, SYS_rename, SYS_link,
        SYS_symlink, SYS_mknod, SYS_setuid, SYS_setresuid, SYS_io_setup,
        SYS_openat2, SYS_open, SYS_creat, SYS_inotify_init1, SYS_splice,
        SYS_vmsplice, SYS_mbind, SYS_timer_create, SYS_timerfd_create,
        SYS_rt_sigqueueinfo, SYS_rt_tgsigqueueinfo,
        /* what made a QEMU with privileges dangerous to its kernel */
        SYS_init_module, SYS_finit_module, SYS_delete_module, SYS_kexec_load,
        SYS_kexec_file_load, SYS_bpf, SYS_mount, SYS_umount2, SYS_pivot_root,
        SYS_chroot, SYS_open_tree, SYS_move_mount, SYS_fsopen, SYS_fsconfig,
        SYS_fsmount, SYS_fspick, SYS_mount_setattr, SYS_open_by_handle_at,
        SYS_swapon, SYS_swapoff, SYS_quotactl, SYS_acct, SYS_unshare,
        SYS_setns, SYS_ptrace, SYS_process_vm_readv, SYS_process_vm_writev,
        SYS_process_madvise, SYS_pidfd_getfd, SYS_pidfd_open,
        SYS_pidfd_send_signal, SYS_kcmp, SYS_reboot, SYS_iopl, SYS_ioperm,
        SYS_vhangup, SYS_sethostname, SYS_setdomainname, SYS_settimeofday,
        SYS_clock_settime, SYS_clock_adjtime, SYS_adjtimex, SYS_setpriority,
        SYS_ioprio_set, SYS_sched_setaffinity, SYS_sched_setparam,
        SYS_sched_setscheduler, SYS_sched_setattr, SYS_tkill,
        SYS_process_mrelease, SYS_pkey_mprotect, SYS_remap_file_pages,
        SYS_memfd_secret, SYS_shmat, SYS_personality,
        SYS_io_uring_setup, SYS_io_uring_enter, SYS_io_uring_register,
        SYS_userfaultfd, SYS_perf_event_open, SYS_add_key, SYS_request_key,
        SYS_keyctl, SYS_fanotify_init, SYS_modify_ldt, SYS_syslog,
        SYS_setxattr, SYS_name_to_handle_at, SYS_vfork, SYS_fork,
        467, 470, 480, 511, 600, 0x3fffffff,
    };
    static const int options[] = {
        PR_SET_DUMPABLE, PR_SET_PDEATHSIG, PR_SET_KEEPCAPS, PR_SET_SECUREBITS,
        PR_SET_SECCOMP, PR_SET_MM, PR_SET_TSC, PR_SET_CHILD_SUBREAPER,
        PR_SET_PTRACER, PR_SCHED_CORE, PR_SET_IO_FLUSHER,
        PR_SET_SYSCALL_USER_DISPATCH, PR_SET_SPECULATION_CTRL, PR_SET_VMA,
    };

    for (size_t i = 0; i < G_N_ELEMENTS(numbers); i++) {
        if (syscall(numbers[i], -1, -1, -1, -1) != -1 || errno != ENOSYS) {
            return i + 1;
        }
    }
    if (ioctl(STDERR_FILENO, TIOCSTI, "x") != -1 || errno != ENOTTY) {
        return 101;
    }
    if (ioctl(STDERR_FILENO, TIOCLINUX, "x") != -1 || errno != ENOTTY) {
        return 102;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(options); i++) {
        if (prctl(options[i], 1, 0, 0, 0) != -1 || errno != ENOSYS) {
            return 103 + i;
        }
    }
    /* The kernel takes 32 bits of the option. */
    return syscall(SYS_prctl, PR_SET_DUMPABLE | 1ULL << 32, 1) != -1 ||
           errno != ENOSYS || prctl(PR_SET_NAME, "any") ||
           prctl(PR_SET_TIMERSLACK, 1);
}

static void test_other_calls(void)
{
    Gate g;

    g_assert_cmpint(behind_gate(&g, make_other_calls), ==, 0);
    g_assert_cmpuint(g.n_kinds, >, 20);
    g_assert_cmpuint(w.calls, ==, 0);
}

/* A taken-over QEMU asks for ever other things: the log must not grow. */
static int flood(void)
{
    for (int i = 0; i < 20000; i++) {
        syscall(600 + i);
    }
    return 0;
}

static void test_flood(void)
{
    unsigned long long n = 0;
    Gate g;

    g_assert_cmpint(behind_gate(&g, flood), ==, 0);
    g_assert_cmpuint(g.n_kinds, ==, GATE_KINDS);
    for (size_t i = 0; i < g.n_kinds; i++) {
        n += g.kinds[i].n;
    }
    g_assert_cmpuint(n + g.n_further, ==, 20000);
}

/* --- files through the gate ----------------------------------------------- */

static int open_files(void)
{
    char line = 0;
    int fd = open(CONFIG, O_RDWR | O_CLOEXEC);

    if (fd < 0 || pread(fd, &line, 1, 0x3c) != 1 || line != 17 ||
        pwrite(fd, "x", 1, 0) != 1 || !(fcntl(fd, F_GETFD) & FD_CLOEXEC)) {
        return 1;
    }
    fd = open(CONFIG, O_RDONLY);
    if (fd < 0 || fcntl(fd, F_GETFD) & FD_CLOEXEC || write(fd, "x", 1) >= 0) {
        return 2;
    }
    if (open(CONFIG, O_RDWR | O_TRUNC) >= 0 || errno != EPERM) {
        return 3;
    }
    if (open(SYSFS "/0000:00:07.0/config", O_RDWR) >= 0 || errno != ENOENT) {
        return 4;
    }
    if (open(SYSFS "/0000:00:01.0/resource", O_RDONLY) >= 0 ||
        errno != EACCES) {
        return 5;
    }
    if (openat(AT_FDCWD, (char *)8, O_RDONLY) >= 0 || errno != EFAULT) {
        return 6;
    }
    if (open("/dev/null", O_RDWR) < 0) {
        return 7;
    }
    return 0;
}

/* The path ends where QEMU's memory does. */
static int open_at_end_of_memory(void)
{
    char *page = mmap(NULL, 8192, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    char *path = page + 4096 - sizeof(CONFIG);

    munmap(page + 4096, 4096);
    memcpy(path, CONFIG, sizeof(CONFIG));
    if (open(path, O_RDONLY) < 0) {
        return 1;
    }
    /* without its end */
    memmove(path + 1, path, sizeof(CONFIG) - 1);
    return open(path + 1, O_RDONLY) >= 0 || errno != EFAULT ? 2 : 0;
}

static void make_sysfs(void)
{
    g_assert_cmpint(unshare(CLONE_NEWNS), ==, 0);
    g_assert_cmpint(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), ==, 0);
    g_assert_cmpint(mount("none", "/sys", "tmpfs", 0, NULL), ==, 0);
    put_device(SYSFS, "0000:00:01.0", "0x010601\n", 17);
}

static void test_open(void)
{
    Gate g;

    if (geteuid() != 0) {
        g_test_skip("only root can make up a /sys");
        return;
    }
    make_sysfs();
    g_assert_cmpint(behind_gate(&g, open_files), ==, 0);
    g_assert_cmpint(behind_gate(&g, open_at_end_of_memory), ==, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/stubdom/gate/files", test_files);
    g_test_add_func("/stubdom/gate/flags", test_flags);
    g_test_add_func("/stubdom/gate/resource", test_resource);
    g_test_add_func("/stubdom/gate/devices", test_devices);
    g_test_add_func("/stubdom/gate/ram", test_ram);
    g_test_add_func("/stubdom/gate/hypercalls", test_hypercalls);
    g_test_add_func("/stubdom/gate/half-a-call", test_half_a_call);
    g_test_add_func("/stubdom/gate/told-once", test_told_once);
    g_test_add_func("/stubdom/gate/interrupted", test_interrupted);
    g_test_add_func("/stubdom/gate/other-calls", test_other_calls);
    g_test_add_func("/stubdom/gate/flood", test_flood);
    g_test_add_func("/stubdom/gate/open", test_open);
    return g_test_run();
}
