/*
 * Which device has a name
 *
 * Copyright (c) 2026 The xen-pt-msi authors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "device.h"
#include "find.h"

/* What was found in place of the device */
typedef struct Found {
    char text[128];
} Found;

static void cannot_read(Found *found, const Bdf *bdf)
{
    snprintf(found->text, sizeof(found->text), "%s cannot be read: %s",
             bdf->text, strerror(errno));
}

static bool follow(const Name *name, Bdf *bdf, Found *found)
{
    char path[NAME_PATH_SIZE], *next = path, *slot;

    strcpy(path, name->path);
    bdf_parse(bdf, strsep(&next, "/"));
    while ((slot = strsep(&next, "/"))) {
        if (device_below(bdf, bdf, slot)) {
            continue;
        }
        if (errno != ENOENT) {
            cannot_read(found, bdf);
        } else if (device_exists(bdf)) {
            snprintf(found->text, sizeof(found->text),
                     "there is no %s below %s", slot, bdf->text);
        } else {
            break;
        }
        return false;
    }
    if (!device_exists(bdf)) {
        snprintf(found->text, sizeof(found->text), "there is no %s",
                 bdf->text);
        return false;
    }
    return true;
}

static bool identify(const Name *name, const Bdf *bdf, Found *found)
{
    Identity identity;

    if (!*name->identity.text) {
        return true;
    }
    if (!device_identity(bdf, &identity)) {
        cannot_read(found, bdf);
        return false;
    }
    if (strcmp(identity.text, name->identity.text)) {
        snprintf(found->text, sizeof(found->text),
                 "%s is another device, %s", bdf->text, identity.text);
        return false;
    }
    return true;
}

bool find(const Name *name, const char *where, Bdf *bdf)
{
    Found found;

    if (name_is_address(name)) {
        return bdf_parse(bdf, name->path);
    }
    if (follow(name, bdf, &found) && identify(name, bdf, &found)) {
        return true;
    }
    warnx("%s%s: %s; look for yours with \"lspci -D%s%s\" and name it as "
          "\"xen-pt-msi-allow --print BDF\" does", where, name_text(name).text,
          found.text, *name->identity.text ? "d " : "P", name->identity.text);
    return false;
}
