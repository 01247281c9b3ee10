/*
 * A QEMU that was taken over: what it tries
 *
 * Copyright (c) 2026 The xen-pt-msi authors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef EVIL_H
#define EVIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <xenctrl.h>

#define ARRAY_SIZE(x) (sizeof(x) / sizeof((x)[0]))
#define PAGE 4096UL

/*
 * Tries one thing, in a process of its own. Returns what it got, -errno if it
 * was refused. Nothing is done by halves: what gets a part counts as done.
 */
typedef long Try(void);

typedef struct Attempt {
    const char *name;
    Try *try;
} Attempt;

typedef struct Theme {
    const char *name;
    const Attempt *attempts;
    size_t n;
} Theme;

/*
 * tests/e2e/harness/evil.py reads these rows. What is ALLOWED has to be done
 * too: else the program tries it in a wrong way, and what is refused to it says
 * nothing. WHY is for the reader.
 */
#define REFUSED(name, try) { name, try }
#define ALLOWED(name, why, try) { name, try }
#define THEME(variable, title) \
    const Theme variable = { title, attempts, ARRAY_SIZE(attempts) }

extern const Theme start_theme, calls_theme, devices_theme, handles_theme,
    files_theme, code_theme, processes_theme, store_theme, races_theme;

/* Of this domain, its guest, and the device that is passed through */
extern unsigned own, target;
/* A handle of Xen's, bound to the guest once there was a hypercall */
extern int privcmd;
/* Two pages that Xen may read and write, zero at the begin of each attempt */
extern uint64_t words[2 * PAGE / sizeof(uint64_t)];

/* rc, or -errno where that is negative */
long result(long rc);

/* Say something of the attempt that is on. */
void note(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/*
 * A hypercall by the ioctl. Returns -EPERM where it was not let through, and
 * what Xen returns else, but never less than 0: Xen has looked at it.
 */
long hypercall(uint64_t op, uint64_t a, uint64_t b, uint64_t c, uint64_t d);
long domctl(uint32_t cmd, unsigned domid, struct xen_domctl *d);

/* End this process after that many seconds. alarm() is not to be had. */
void limit(unsigned seconds);

/* Does init still answer? 0, or -errno */
long gate_lives(void);

/* A file by the system call that init looks at. Returns -errno for none. */
int open_file(const char *path, int flags);

/* Say what a call costs that goes by the gate, and one that does not. */
void tell_cost(void);

/* A client of QMP that asks something gets much that it has not asked for. */
long qmp_flood(void);

#endif
