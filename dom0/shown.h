/*
 * Names of others, as they are printed
 *
 * Copyright (c) 2026 The xen-pt-msi authors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A name can hold any byte: it comes from xenstore, from a driver, or from the
 * command line. A terminal obeys some of them, and a program that reads the
 * output takes others for an end of line. All that is printed is ASCII.
 */
#ifndef DOM0_SHOWN_H
#define DOM0_SHOWN_H

typedef struct Shown {
    char text[256];
} Shown;

/*
 * NAME for a person: a byte that is no printable ASCII is "\xHH", a backslash
 * is "\\". What is too long ends in "...".
 */
Shown shown(const char *name);

/*
 * Print NAME as a string of JSON, with quotes. What is no ASCII is "\uHHHH",
 * two of them beyond the first plane; a byte that is no UTF-8 is "\ufffd".
 */
void print_json_string(const char *name);

#endif
