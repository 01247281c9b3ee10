/*
 * Which devices are to have the permission at all times
 *
 * Copyright (c) 2026 The xen-pt-msi authors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "path.h"
#include "status.h"

#define BLANK " \t\r\n"

/* Returns false if LINE, which is cut up, is none of a configuration. */
static bool add_line(Config *config, unsigned number, char *line)
{
    ConfigLine new = { .number = number }, *more;
    char *end;

    line[strcspn(line, "#")] = '\0';
    line += strspn(line, BLANK);
    for (end = line + strlen(line); end > line && strchr(BLANK, end[-1]);) {
        *--end = '\0';
    }
    if (!*line) {
        return true;
    }
    if (strcmp(line, "all") == 0) {
        config->all = true;
        return true;
    }
    if (!name_parse(&new.name, line)) {
        return false;
    }
    more = realloc(config->lines, (config->n + 1) * sizeof(new));
    if (!more) {
        err(STATUS_SYSTEM, NULL);
    }
    config->lines = more;
    more[config->n++] = new;
    return true;
}

bool config_read(Config *config)
{
    FILE *file = fopen(path_to(CONFIG_FILE).text, "re");
    unsigned number = 0;
    char *line = NULL;
    size_t size = 0;
    bool ok = true;

    memset(config, 0, sizeof(*config));
    if (!file) {
        ok = errno == ENOENT;
        if (!ok) {
            warn("%s", CONFIG_FILE);
        }
        return ok;
    }
    while (ok && getline(&line, &size, file) >= 0) {
        number++;
        ok = add_line(config, number, line);
    }
    if (!ok) {
        warnx("%s, line %u: neither a device, DDDD:BB:DD.F[/DD.F...] "
              "[VVVV:DDDD], nor \"all\"; nothing was done", CONFIG_FILE,
              number);
    } else if (ferror(file)) {
        warn("%s", CONFIG_FILE);
        ok = false;
    }
    free(line);
    fclose(file);
    if (!ok) {
        free(config->lines);
        config->lines = NULL;
    }
    return ok;
}
