/*
 * What is known of a device, in words for a person
 *
 * Copyright (c) 2026 The xen-pt-msi authors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef DOM0_WORDS_H
#define DOM0_WORDS_H

#include "inventory.h"

/* Of a value that is 1, 0, or -1: unknown */
const char *words_permission(int value);
const char *words_yes(int value);

/*
 * One of the device's two domains, "name (number)"; "-" where there is none.
 * To be freed.
 */
char *words_domain(const Device *device, const DomainName *domain);

#endif
