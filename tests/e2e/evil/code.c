/*
 * Memory that is written and executed
 *
 * Copyright (c) 2026 The xen-pt-msi authors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "evil.h"

/* A file of the image that anybody can read and execute */
#define PROGRAM "/bin/qemu"
#define RW (PROT_READ | PROT_WRITE)
#define RX (PROT_READ | PROT_EXEC)
#define RWX (RW | PROT_EXEC)

static long map(int prot, int flags, int fd)
{
    return result((long)mmap(NULL, PAGE, prot, flags, fd, 0));
}

static void *memory(int flags)
{
    return mmap(NULL, PAGE, RW, MAP_ANONYMOUS | flags, -1, 0);
}

static void *program(int prot)
{
    int fd = open_file(PROGRAM, O_RDONLY);
    void *at = mmap(NULL, PAGE, prot, MAP_PRIVATE, fd, 0);

    close(fd);
    return at;
}

static long anonymous(void)
{
    return map(RX, MAP_ANONYMOUS | MAP_PRIVATE, -1);
}

static long shared(void)
{
    long rc = map(RX, MAP_ANONYMOUS | MAP_SHARED, -1);

    return rc < 0 ? map(RX, MAP_SHARED_VALIDATE | MAP_ANONYMOUS, -1) : rc;
}

static long writable(void)
{
    long rc = map(RWX, MAP_ANONYMOUS | MAP_PRIVATE, -1);

    return rc < 0 ? map(RWX, MAP_PRIVATE, open_file(PROGRAM, O_RDONLY)) : rc;
}

static long shared_file(void)
{
    return map(RX, MAP_SHARED, open_file(PROGRAM, O_RDONLY));
}

static long from_zero(void)
{
    return map(RX, MAP_PRIVATE, open_file("/dev/zero", O_RDWR));
}

static long written_first(void)
{
    return result(mprotect(memory(MAP_PRIVATE), PAGE, RX));
}

static long rewritten(void)
{
    void *at = program(RX);

    if (mprotect(at, PAGE, RW) < 0) {
        return -errno;
    }
    memset(at, 0xcc, PAGE);
    return result(mprotect(at, PAGE, RX));
}

static long at_once(void)
{
    return result(mprotect(program(RX), PAGE, RWX));
}

static long stack_grows(void)
{
    char here;
    void *page = (void *)((uintptr_t)&here & ~(PAGE - 1));

    return result(mprotect(page, PAGE, RWX | PROT_GROWSDOWN));
}

static long by_pkey(void)
{
    return result(syscall(SYS_pkey_mprotect, memory(MAP_PRIVATE), PAGE, RX,
                          -1));
}

static long alias(void)
{
    void *at = memory(MAP_SHARED);
    const unsigned long sizes[] = { 0, ~0UL, ~0UL - PAGE + 2 };

    for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
        if (mremap(at, sizes[i], PAGE, MREMAP_MAYMOVE) != MAP_FAILED) {
            return 0;
        }
    }
    return -errno;
}

static long alias_of_code(void)
{
    void *at = program(RX);

    return result((long)mremap(at, 0, PAGE, MREMAP_MAYMOVE));
}

static long pages_moved(void)
{
    return result(syscall(SYS_remap_file_pages, memory(MAP_SHARED), PAGE, 0, 0,
                          0));
}

static long memory_file(void)
{
    int fd = result(syscall(SYS_memfd_create, "evil", 0));

    return fd < 0 ? fd : map(RX, MAP_PRIVATE, fd);
}

static long secret_file(void)
{
    return result(syscall(SYS_memfd_secret, 0));
}

static long segment(void)
{
    int id = result(syscall(SYS_shmget, IPC_PRIVATE, PAGE, 0700));

    return id < 0 ? id : result(syscall(SYS_shmat, id, NULL, SHM_EXEC));
}

static long attach(void)
{
    return result(syscall(SYS_shmat, 0, NULL, SHM_EXEC));
}

static long reading_executes(void)
{
    long rc = result(syscall(SYS_personality, READ_IMPLIES_EXEC));

    return rc < 0 ? rc : map(RW, MAP_ANONYMOUS | MAP_PRIVATE, -1);
}

static long of_devices(void)
{
    static const char *const patterns[] = {
        "/dev/xen/*", "/dev/xvd*", "/dev/zero",
        "/sys/bus/pci/devices/*/config", "/sys/bus/pci/devices/*/resource[0-5]",
    };

    for (size_t i = 0; i < ARRAY_SIZE(patterns); i++) {
        glob_t found;

        for (size_t k = 0; glob(patterns[i], 0, NULL, &found) == 0 &&
             k < found.gl_pathc; k++) {
            int fd = open_file(found.gl_pathv[k], O_RDWR);

            if (map(RX, MAP_PRIVATE, fd) >= 0 || map(RX, MAP_SHARED, fd) >= 0) {
                note("%s", found.gl_pathv[k]);
                return 0;
            }
            close(fd);
        }
    }
    return -errno;
}

/* A file that it has written itself */
static long own_file(void)
{
    static const char *const names[] = {
        "/evil", "/run/evil", "/tmp/evil", "/dev/evil", "/dev/shm/evil",
        "/sys/evil", "/root/evil", "/var/evil", "/bin/evil",
    };
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        long rc = result(syscall(SYS_openat, AT_FDCWD, names[i],
                                 O_RDWR | O_CREAT, 0777));
        if (rc >= 0) {
            note("%s", names[i]);
            return 0;
        }
    }
    return result(syscall(SYS_openat, AT_FDCWD, "/run", O_RDWR | O_TMPFILE,
                          0700));
}

static long by_map_files(void)
{
    return open_file("/proc/self/map_files", O_RDONLY | O_DIRECTORY);
}

static long by_proc_mem(void)
{
    return open_file("/proc/self/mem", O_RDWR);
}

static const Attempt attempts[] = {
    REFUSED("anonymous memory, executable", anonymous),
    REFUSED("shared anonymous memory, executable", shared),
    REFUSED("memory writable and executable", writable),
    REFUSED("a file shared, executable", shared_file),
    REFUSED("/dev/zero, executable", from_zero),
    REFUSED("memory written, then executable", written_first),
    REFUSED("a page of code rewritten", rewritten),
    REFUSED("a page of code made writable", at_once),
    REFUSED("the stack made executable", stack_grows),
    REFUSED("memory made executable by pkey_mprotect", by_pkey),
    REFUSED("memory mapped twice by mremap", alias),
    REFUSED("code mapped twice by mremap", alias_of_code),
    REFUSED("memory moved by remap_file_pages", pages_moved),
    REFUSED("memfd_create", memory_file),
    REFUSED("memfd_secret", secret_file),
    REFUSED("a segment of System V, executable", segment),
    REFUSED("shmat", attach),
    REFUSED("personality: reading is executing", reading_executes),
    REFUSED("device nodes and BARs, executable", of_devices),
    REFUSED("a file of its own", own_file),
    REFUSED("/proc/self/map_files", by_map_files),
    REFUSED("/proc/self/mem", by_proc_mem),
};

THEME(code_theme, "new code");
