/*
 * Which files init opens for QEMU, which may not
 *
 * Copyright (c) 2026 The xen-pt-msi authors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#define _GNU_SOURCE         /* O_DIRECT */
#include <fcntl.h>
#include <fnmatch.h>
#include <stddef.h>
#include <string.h>

#include "gate-files.h"

#define ARRAY_SIZE(x) (sizeof(x) / sizeof((x)[0]))
#define X "[0-9a-f]"
/* O_LARGEFILE of the kernel; the C library has 0 for it. */
#define LARGE_FILE 0100000
#define LOCAL_PCI "/sys/bus/pci/devices/" X X X X ":" X X ":" X X ".[0-7]"

/*
 * Nothing here can hold a ".." or an extra "/". No console but those for serial
 * ports: the first is the log, and libxl keeps what is written to the second in
 * a file that grows.
 */
static const struct {
    const char *pattern;
    GateFile what;
} files[] = {
    { "/dev/xen/privcmd", GATE_FILE_PRIVCMD },
    { "/dev/xen/evtchn", GATE_FILE_EVTCHN },
    { "/dev/xen/gntdev", GATE_FILE_PLAIN },
    { "/dev/xen/xenbus", GATE_FILE_PLAIN },
    { "/dev/xvd[a-z]", GATE_FILE_PLAIN },
    { "/dev/xvd[a-z][a-z]", GATE_FILE_PLAIN },
    { "/dev/hvc[3-9]", GATE_FILE_PLAIN },
    { LOCAL_PCI "/config", GATE_FILE_CONFIG },
    { LOCAL_PCI "/resource[0-5]", GATE_FILE_BAR },
    { LOCAL_PCI "/rom", GATE_FILE_PLAIN },
};

GateFile gate_file(const char *path, bool keep_mem)
{
    for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
        if (fnmatch(files[i].pattern, path, FNM_PATHNAME) == 0) {
            return files[i].what;
        }
    }
    return keep_mem && strcmp(path, "/dev/mem") == 0 ? GATE_FILE_PLAIN
                                                     : GATE_FILE_OWN;
}

int gate_file_flags(int flags)
{
    const int may = O_ACCMODE | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | O_DIRECT |
                    O_DSYNC | O_SYNC | O_NOFOLLOW | O_NOATIME | LARGE_FILE;

    return flags & ~may ? -1 : flags | O_CLOEXEC | O_NOCTTY;
}
