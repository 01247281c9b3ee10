/*
 * Tell of each change of a device that pciback owns
 *
 * Copyright (c) 2026 The xen-pt-msi authors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef DOM0_WATCH_H
#define DOM0_WATCH_H

#include <stdbool.h>

#include "inventory.h"
#include "status.h"

/*
 * Print a line for each device, and another one each time that it changes,
 * until SIGINT or SIGTERM comes, or nobody reads standard output any more.
 */
Status watch(bool json);

/* The lines: of a device as it is, and of one that pciback has no more */
typedef struct WatchLines {
    void (*is)(const Device *device);
    void (*left)(const Bdf *bdf);
} WatchLines;

extern const WatchLines watch_text, watch_json;

#endif
