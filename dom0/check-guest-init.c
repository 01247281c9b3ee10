/*
 * PID 1 of the guest that xen-pt-msi-check starts
 *
 * Loads the drivers that dom0 has put beside it, waits until each device under
 * test has raised an interrupt, and says on the console what became of it, in
 * lines that begin with "CHECK". It then waits: dom0 looks at the devices while
 * they work. When dom0 shuts the guest down, the kernel calls /sbin/poweroff,
 * which is this program again: the drivers let the devices go.
 *
 * Copyright (c) 2026 The xen-pt-msi authors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PROC "/proc"
#define DEVICES "/sys/bus/pci/devices"
/* What dom0 has put there: a path of a module a line, each after its needs */
#define MODULES "/modules"
#define SLOTS_MAX 16
#define CONFIG_BYTES 256
#define POLL_MS 200
/* dom0 ends the guest after 60 seconds */
#define LET_GO_SECONDS 30

/* Interrupts of one device */
typedef struct Interrupts {
    const char *kind;       /* "MSI-X", "MSI", "INTx", or "none" */
    unsigned vectors;
    unsigned long long count;
} Interrupts;

static unsigned slots[SLOTS_MAX];
static unsigned n_slots;
static long seconds = 10;
/* Seconds that drivers have to start */
static long limit = 60;

static void say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

static void say(const char *fmt, ...)
{
    va_list ap;

    printf("CHECK ");
    va_start(ap, fmt);
    vprintf(fmt, ap);
    va_end(ap);
    printf("\n");
}

/* Nothing is left to do but to wait for the end. */
static _Noreturn void stay(void)
{
    for (;;) {
        pause();
    }
}

static time_t now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec;
}

/* A driver may hang, and whoever has called it: let that be another process. */
static pid_t start(void (*work)(unsigned), unsigned argument)
{
    pid_t pid = fork();

    if (pid == 0) {
        work(argument);
        _exit(0);
    }
    return pid;
}

/* Whether the process ends before the deadline */
static bool ends(pid_t pid, time_t deadline)
{
    while (waitpid(pid, NULL, WNOHANG) == 0) {
        if (now() >= deadline) {
            return false;
        }
        usleep(10000);
    }
    return true;
}

static void path_of(unsigned slot, const char *name, char *path, size_t size)
{
    snprintf(path, size, DEVICES "/0000:00:%02x.0/%s", slot, name);
}

/* check=SLOT[,SLOT...], hexadecimal; check_seconds=N, check_limit=N */
static void read_command_line(void)
{
    static char line[4096];
    FILE *f = fopen(PROC "/cmdline", "r");
    char *word, *rest = line;

    if (!f || !fgets(line, sizeof(line), f)) {
        say("failed: no command line");
        stay();
    }
    fclose(f);
    while ((word = strsep(&rest, " \n"))) {
        if (strncmp(word, "check=", 6) == 0) {
            for (char *at = word + 5; *at && n_slots < SLOTS_MAX; ) {
                slots[n_slots++] = strtoul(at + 1, &at, 16);
            }
        } else if (strncmp(word, "check_seconds=", 14) == 0) {
            seconds = strtol(word + 14, NULL, 10);
        } else if (strncmp(word, "check_limit=", 12) == 0) {
            limit = strtol(word + 12, NULL, 10);
        }
    }
}

static void load_modules(unsigned unused)
{
    char path[512];
    FILE *f = fopen(MODULES, "r");

    (void)unused;
    while (f && fgets(path, sizeof(path), f)) {
        int fd;

        path[strcspn(path, "\n")] = '\0';
        fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd < 0 || (syscall(SYS_finit_module, fd, "", 0) < 0 &&
                       errno != EEXIST)) {
            say("failed: module %s: %s", path, strerror(errno));
        }
        close(fd);
    }
    if (f) {
        fclose(f);
    }
}

/* A network card raises interrupts once it is up. It may come late. */
static void network_up(unsigned unused)
{
    int s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    DIR *dir;
    struct dirent *e;

    (void)unused;
    for (;; usleep(POLL_MS * 1000)) {
        dir = opendir("/sys/class/net");
        while (dir && (e = readdir(dir))) {
            struct ifreq r = { .ifr_flags = IFF_UP };

            if (e->d_name[0] != '.' && strlen(e->d_name) < sizeof(r.ifr_name)) {
                strcpy(r.ifr_name, e->d_name);
                ioctl(s, SIOCSIFFLAGS, &r);
            }
        }
        if (dir) {
            closedir(dir);
        }
    }
}

/* The first word of a file of the device's; false if there is none */
static bool read_word(unsigned slot, const char *name, char *word, size_t size)
{
    char path[512];
    FILE *f;
    bool ok;

    path_of(slot, name, path, sizeof(path));
    f = fopen(path, "r");
    ok = f && fgets(word, size, f);
    if (f) {
        fclose(f);
    }
    if (ok) {
        word[strcspn(word, " \n")] = '\0';
    }
    return ok;
}

/* Whether this is an interrupt of the device's MSI or MSI-X */
static bool is_msi(unsigned slot, unsigned long irq)
{
    char path[512], name[32];

    snprintf(name, sizeof(name), "msi_irqs/%lu", irq);
    path_of(slot, name, path, sizeof(path));
    return access(path, F_OK) == 0;
}

/*
 * What came of the device's interrupts, on all CPUs: of its MSI, or, if INTX is
 * not 0, of that one. There may be thousands: the file is read once.
 */
static unsigned long long count(unsigned slot, unsigned long intx)
{
    unsigned long long sum = 0;
    char *line = NULL;
    size_t size = 0;
    FILE *f = fopen(PROC "/interrupts", "r");

    while (f && getline(&line, &size, f) > 0) {
        char *at, *end;
        unsigned long irq = strtoul(line, &at, 10);

        if (at == line || *at != ':' ||
            !(intx ? irq == intx : is_msi(slot, irq))) {
            continue;
        }
        for (at++;; at = end) {
            unsigned long long n = strtoull(at, &end, 10);

            if (end == at || (*end != ' ' && *end != '\n')) {
                break;
            }
            sum += n;
        }
    }
    free(line);
    if (f) {
        fclose(f);
    }
    return sum;
}

static Interrupts interrupts(unsigned slot)
{
    Interrupts i = { .kind = "none" };
    char path[512], word[32];
    struct dirent *e;
    DIR *dir;

    path_of(slot, "msi_irqs", path, sizeof(path));
    dir = opendir(path);
    while (dir && (e = readdir(dir))) {
        if (e->d_name[0] == '.') {
            continue;
        }
        snprintf(path, sizeof(path), "msi_irqs/%.16s", e->d_name);
        if (!i.vectors++ && read_word(slot, path, word, sizeof(word))) {
            i.kind = strcmp(word, "msix") == 0 ? "MSI-X" : "MSI";
        }
    }
    if (dir) {
        closedir(dir);
    }
    if (i.vectors) {
        i.count = count(slot, 0);
    } else if (read_word(slot, "irq", word, sizeof(word)) &&
               strtoul(word, NULL, 10)) {
        i.kind = "INTx";
        i.vectors = 1;
        i.count = count(slot, strtoul(word, NULL, 10));
    }
    return i;
}

static bool all_raised(void)
{
    for (unsigned i = 0; i < n_slots; i++) {
        if (!interrupts(slots[i]).count) {
            return false;
        }
    }
    return true;
}

/* False if the guest has not got the device */
static bool tell_config(unsigned slot)
{
    unsigned char bytes[CONFIG_BYTES];
    char path[512];
    int fd;
    ssize_t n;

    path_of(slot, "config", path, sizeof(path));
    fd = open(path, O_RDONLY | O_CLOEXEC);
    n = fd < 0 ? -1 : read(fd, bytes, sizeof(bytes));
    close(fd);
    if (n < 0) {
        say("%02x absent", slot);
        return false;
    }
    printf("CHECK %02x config ", slot);
    for (ssize_t i = 0; i < n; i++) {
        printf("%02x", bytes[i]);
    }
    printf("\n");
    return true;
}

static void tell(unsigned slot)
{
    char path[512], driver[256];
    Interrupts i = interrupts(slot);
    ssize_t n;

    if (!tell_config(slot)) {
        return;
    }
    path_of(slot, "driver", path, sizeof(path));
    n = readlink(path, driver, sizeof(driver) - 1);
    driver[n < 0 ? 0 : n] = '\0';
    say("%02x driver %s", slot, n < 0 ? "-" : strrchr(driver, '/') + 1);
    say("%02x interrupts %s %u %llu", slot, i.kind, i.vectors, i.count);
}

static void let_go(unsigned slot)
{
    char path[512], address[16];
    int fd;

    path_of(slot, "driver/unbind", path, sizeof(path));
    snprintf(address, sizeof(address), "0000:00:%02x.0", slot);
    fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd >= 0 && write(fd, address, strlen(address)) < 0) {
        say("failed: %02x is not let go: %s", slot, strerror(errno));
    }
    close(fd);
}

/* A device without a reset would keep what its driver has left on. */
static _Noreturn void power_off(void)
{
    time_t deadline = now() + LET_GO_SECONDS;

    read_command_line();
    for (unsigned i = 0; i < n_slots; i++) {
        ends(start(let_go, slots[i]), deadline);
    }
    reboot(RB_POWER_OFF);
    stay();
}

int main(int argc, char **argv)
{
    pid_t network;

    if (argc && strcmp(argv[0], "/init") != 0) {
        power_off();
    }
    mkdir("/proc", 0755);
    mkdir("/sys", 0755);
    mkdir("/dev", 0755);
    mount("proc", "/proc", "proc", 0, NULL);
    mount("sysfs", "/sys", "sysfs", 0, NULL);
    mount("devtmpfs", "/dev", "devtmpfs", 0, NULL);
    /* There is no console before /dev is mounted. */
    if (!freopen("/dev/console", "w", stdout)) {
        stay();
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    read_command_line();
    say("begin");
    if (!ends(start(load_modules, 0), now() + limit)) {
        say("failed: a driver is still starting");
    }
    network = start(network_up, 0);
    for (time_t begin = now(); !all_raised() && now() - begin < seconds; ) {
        usleep(POLL_MS * 1000);
    }
    for (unsigned i = 0; i < n_slots; i++) {
        tell(slots[i]);
    }
    if (network > 0) {
        kill(network, SIGKILL);
    }
    say("end");
    stay();
}
