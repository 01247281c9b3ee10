/*
 * Kernel modules, as mkimage lists them
 *
 * Copyright (c) 2026 The xen-pt-msi authors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "log.h"
#include "modules.h"

#define BLANKS " \t\r\n"

bool module_line_parse(char *line, const char **file, const char **params)
{
    char *name = line + strspn(line, BLANKS);
    size_t len = strcspn(name, BLANKS);
    char *rest = name + len + strspn(name + len, BLANKS);
    char *end = rest + strlen(rest);

    if (len == 0 || *name == '#') {
        *file = *params = "";
        return true;
    }
    if (len < 4 || memcmp(name + len - 3, ".ko", 3) != 0 ||
        memchr(name, '/', len)) {
        return false;
    }
    while (end > rest && strchr(BLANKS, end[-1])) {
        end--;
    }
    *end = '\0';
    name[len] = '\0';
    *file = name;
    *params = rest;
    return true;
}

static bool load(const char *dir, const char *file, const char *params)
{
    char path[256];
    bool ok;
    int fd;

    snprintf(path, sizeof(path), "%s/%s", dir, file);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        say("%s: %s", path, strerror(errno));
        return false;
    }
    ok = syscall(SYS_finit_module, fd, params, 0) == 0 || errno == EEXIST;
    if (!ok) {
        say("%s cannot be loaded: %s", file, strerror(errno));
    }
    close(fd);
    return ok;
}

bool modules_load(const char *list, const char *dir)
{
    FILE *f = fopen(list, "re");
    char *line = NULL;
    size_t size = 0;
    bool ok = true;

    if (!f) {
        say("%s: %s", list, strerror(errno));
        return false;
    }
    while (ok && getline(&line, &size, f) > 0) {
        const char *file, *params;

        ok = module_line_parse(line, &file, &params);
        if (!ok) {
            say("%s: not a module: %s", list, line);
        } else if (*file) {
            ok = load(dir, file, params);
        }
    }
    free(line);
    fclose(f);
    return ok;
}
