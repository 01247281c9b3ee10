/*
 * What the files under test want of QEMU's header of this name
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * They are pure C: the standard headers do, and whatever else one of them
 * begins to use fails to build here.
 */
#ifndef QEMU_OSDEP_H
#define QEMU_OSDEP_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define ARRAY_SIZE(x) (sizeof(x) / sizeof((x)[0]))

#endif
