/*
 * A fake Xen: the journal, what happened in which order
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * One operation is one line. The first word says at which place it was seen:
 * "cfg" QEMU's accesses to the config file, "xc" its hypercalls, "dev" and
 * "xen" the writes that reached the device and who made them, "back" what
 * pciback refused or dropped; "file" how QEMU comes to the device's memory;
 * "dm" and "xs" the rest of QEMU's calls; "now" what a test asked for.
 */

#include "fakexen.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int journal_fd = -1;
static bool in_memory = true;
static char *memory;
static size_t memory_len;

void fk_journal_to(int fd)
{
    journal_fd = fd;
    in_memory = false;
}

char *fk_journal_take(void)
{
    char *text = memory ? memory : strdup("");

    memory = NULL;
    memory_len = 0;
    return text;
}

void fk_journal(const char *fmt, ...)
{
    int saved = errno;
    va_list ap;
    char *line;
    int len;

    va_start(ap, fmt);
    len = vasprintf(&line, fmt, ap);
    va_end(ap);
    if (len < 0) {
        fk_die("out of memory");
    }
    line[len++] = '\n';         /* in place of the terminator */
    if (in_memory) {
        memory = realloc(memory, memory_len + len + 1);
        if (!memory) {
            fk_die("out of memory");
        }
        memcpy(memory + memory_len, line, len);
        memory_len += len;
        memory[memory_len] = '\0';
    } else if (journal_fd >= 0 && write(journal_fd, line, len) != len) {
        /* A test would take a lost line for an operation not done. */
        fk_die("cannot write the journal: %s", strerror(errno));
    }
    free(line);
    errno = saved;
}

static const struct {
    const char *name;
    int value;
} errnos[] = {
#define E(name) { #name, name }
    E(EPERM), E(ENOENT), E(EINTR), E(EIO), E(ENXIO), E(EAGAIN), E(ENOMEM),
    E(EACCES), E(EBUSY), E(EEXIST), E(ENODEV), E(EINVAL), E(ENFILE), E(ENOSPC),
    E(ENOSYS), E(EDOM), E(EOPNOTSUPP), E(ENOTCONN),
#undef E
};

const char *fk_errno_name(int err)
{
    static char number[16];

    for (size_t i = 0; i < sizeof(errnos) / sizeof(errnos[0]); i++) {
        if (errnos[i].value == err) {
            return errnos[i].name;
        }
    }
    snprintf(number, sizeof(number), "%d", err);
    return number;
}

int fk_errno_value(const char *name)
{
    for (size_t i = 0; i < sizeof(errnos) / sizeof(errnos[0]); i++) {
        if (!strcmp(errnos[i].name, name)) {
            return errnos[i].value;
        }
    }
    return 0;
}
