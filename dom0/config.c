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
static bool add_line(Config *config, char *line)
{
    char *word, *rest;
    Bdf bdf, *more;

    line[strcspn(line, "#")] = '\0';
    word = strtok_r(line, BLANK, &rest);
    if (!word) {
        return true;
    }
    if (strtok_r(NULL, BLANK, &rest)) {
        return false;
    }
    if (strcmp(word, "all") == 0) {
        config->all = true;
        return true;
    }
    if (!bdf_parse(&bdf, word)) {
        return false;
    }
    more = realloc(config->list, (config->n + 1) * sizeof(bdf));
    if (!more) {
        err(STATUS_SYSTEM, NULL);
    }
    config->list = more;
    more[config->n++] = bdf;
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
        ok = add_line(config, line);
    }
    if (!ok) {
        warnx("%s, line %u: not an address DDDD:BB:DD.F, nor \"all\"; "
              "nothing was done", CONFIG_FILE, number);
    } else if (ferror(file)) {
        warn("%s", CONFIG_FILE);
        ok = false;
    }
    free(line);
    fclose(file);
    if (!ok) {
        free(config->list);
        config->list = NULL;
    }
    return ok;
}
