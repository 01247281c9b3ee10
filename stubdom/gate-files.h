/*
 * Which files init opens for QEMU, which may not
 *
 * Copyright (c) 2026 The xen-pt-msi authors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef STUBDOM_GATE_FILES_H
#define STUBDOM_GATE_FILES_H

#include <stdbool.h>

typedef enum GateFile {
    GATE_FILE_OWN,          /* QEMU opens it with its own rights, or not. */
    GATE_FILE_PRIVCMD,      /* opened, and bound to the target */
    GATE_FILE_EVTCHN,       /* the same, by another ioctl() */
    GATE_FILE_PLAIN,        /* opened as it is */
    GATE_FILE_CONFIG,       /* the same; a device is there that was not */
    GATE_FILE_BAR,          /* the same, if it may be mapped */
} GateFile;

/*
 * What is to be done with PATH, as QEMU wrote it. Every path that is not
 * exactly one of those that QEMU needs is GATE_FILE_OWN, and so is /dev/mem
 * unless KEEP_MEM.
 */
GateFile gate_file(const char *path, bool keep_mem);

/*
 * The flags of open() that a file of QEMU's may have, out of FLAGS; -1 if there
 * are others in it, such as O_CREAT.
 */
int gate_file_flags(int flags);

#endif
