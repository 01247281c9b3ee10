/*
 * List the devices that pciback owns
 *
 * Copyright (c) 2026 The xen-pt-msi authors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef DOM0_LIST_H
#define DOM0_LIST_H

#include <stdbool.h>

#include "inventory.h"
#include "status.h"

/* Standard error says what is to be had from nowhere. */
Status list(bool json);

/* Both print to standard output; xen-pt-msi-allow.8 documents the fields. */
void list_table(const Inventory *inventory);
void list_json(const Inventory *inventory);

/* The members of a device's object, without its braces */
void list_json_members(const Device *device);

#endif
