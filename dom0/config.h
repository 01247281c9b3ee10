/*
 * Which devices are to have the permission at all times
 *
 * Copyright (c) 2026 The xen-pt-msi authors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef DOM0_CONFIG_H
#define DOM0_CONFIG_H

#include <stdbool.h>

#include "name.h"

#define CONFIG_FILE "/etc/xen/xen-pt-msi-allow.conf"

typedef struct ConfigLine {
    Name name;
    unsigned number;
} ConfigLine;

typedef struct Config {
    bool all;           /* every device that pciback owns */
    ConfigLine *lines;  /* else those of these N, to be freed */
    int n;
} Config;

/*
 * Read the configuration file: a name or "all" a line, "#" begins a comment.
 * Without the file nothing is configured. Says what is wrong, with the line's
 * number, before it returns false.
 */
bool config_read(Config *config);

#endif
