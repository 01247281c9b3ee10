/*
 * How a user names a PCI device
 *
 * Copyright (c) 2026 The xen-pt-msi authors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The firmware and Linux number the buses anew when a card is added, so an
 * address may be another device's after that. The way to a device stays: the
 * bridges that it lies behind, from one that lies behind none. What is there
 * at its end has an identity, so another device can be told from it.
 */
#ifndef DOM0_NAME_H
#define DOM0_NAME_H

#include <stdbool.h>

/* More bridges in a row than anyone has */
#define NAME_PATH_SIZE 128

/* "vvvv:dddd", vendor and device as in lspci -n; "" where none is named */
typedef struct Identity {
    char text[sizeof("vvvv:dddd")];
} Identity;

typedef struct Name {
    /* An address, and a "/DD.F" for what is below the device so far */
    char path[NAME_PATH_SIZE];
    Identity identity;
} Name;

typedef struct NameText {
    char text[NAME_PATH_SIZE + sizeof(Identity)];
} NameText;

/*
 * Parse [DDDD:]BB:DD.F[/DD.F...] [VVVV:DDDD], all hexadecimal, with blanks
 * between the two, and around them. Returns false if TEXT is none.
 */
bool name_parse(Name *name, const char *text);

/* The same for a word of the command line; says so if it is none. */
bool name_parse_word(Name *name, const char *word);

/* Such a name in lower case, and as short as it can be */
NameText name_text(const Name *name);

/* Is it an address, and nothing that would tell another device there? */
bool name_is_address(const Name *name);

#endif
