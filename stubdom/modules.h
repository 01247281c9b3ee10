/*
 * Kernel modules, as mkimage lists them
 *
 * Copyright (c) 2026 The xen-pt-msi authors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef STUBDOM_MODULES_H
#define STUBDOM_MODULES_H

#include <stdbool.h>

/*
 * Take one line of the list apart, in place: "NAME.ko [PARAMETERS]".
 * A blank line or a comment gives an empty *file. Returns false, and leaves
 * both pointers alone, if NAME is not a plain file name that ends in ".ko".
 */
bool module_line_parse(char *line, const char **file, const char **params);

/*
 * Load what LIST names, in its order, from the directory DIR. One that is
 * loaded already is no error; a parameter that the kernel's module does not
 * know is none either: the kernel warns and goes on. Says what went wrong and
 * returns false at the first one that cannot be loaded.
 */
bool modules_load(const char *list, const char *dir);

#endif
