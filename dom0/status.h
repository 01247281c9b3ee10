/*
 * How the program ends; the larger of two is what counts
 *
 * Copyright (c) 2026 The xen-pt-msi authors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef DOM0_STATUS_H
#define DOM0_STATUS_H

/* Documented in xen-pt-msi-allow.8 */
typedef enum Status {
    STATUS_OK,          /* every device asked for has the permission */
    STATUS_REFUSED,     /* a device has not, a line says why */
    STATUS_USAGE,       /* a wrong command line or configuration file */
    STATUS_SYSTEM,      /* this system cannot give it, or not to this user */
} Status;

#endif
