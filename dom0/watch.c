/*
 * Tell of each change of a device that pciback owns
 *
 * Copyright (c) 2026 The xen-pt-msi authors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * xenstore says when a domain gets or gives back a device, and is asked only
 * then. Nothing says when an attribute of pciback or a register of a device
 * changes, so these are looked at again and again.
 */
#include <err.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "pciback.h"
#include "watch.h"

/* How often; xen-pt-msi-allow.8 says so, too. */
#define INTERVAL_SECONDS 2
/* How often xenstore is read anew if it changes meanwhile */
#define TRIES 10

typedef struct Watch {
    const WatchLines *lines;
    Domains *domains;
    Holders holders;
    Inventory last;
    sigset_t waiting;       /* the signals that are blocked while it waits */
} Watch;

typedef enum Next { GO_ON, END, FAIL } Next;

static volatile sig_atomic_t told_to_end;

static void on_signal(int number)
{
    (void)number;
    told_to_end = 1;
}

/* They come while wait_for_change() waits, and at no other time. */
static void hold_signals(Watch *w)
{
    struct sigaction end = { .sa_handler = on_signal };
    sigset_t ends;

    sigemptyset(&ends);
    sigaddset(&ends, SIGINT);
    sigaddset(&ends, SIGTERM);
    sigprocmask(SIG_BLOCK, &ends, &w->waiting);
    sigaction(SIGINT, &end, NULL);
    sigaction(SIGTERM, &end, NULL);
    signal(SIGPIPE, SIG_IGN);
}

/*
 * A domain may end while its devices and names are read. So that is done again
 * if something has changed meanwhile; if it never ends, the next call does it.
 */
static bool read_holders(Watch *w)
{
    Holders holders;

    for (int tries = 1; ; tries++) {
        if (!holders_read(&holders, w->domains)) {
            return false;
        }
        if (tries == TRIES || domains_changed(w->domains) <= 0) {
            break;
        }
        holders_free(&holders);
    }
    holders_free(&w->holders);
    w->holders = holders;
    return true;
}

static bool same_domain(const DomainName *a, const DomainName *b)
{
    return a->domid == b->domid && !a->name == !b->name &&
           (!a->name || strcmp(a->name, b->name) == 0);
}

static bool same(const Device *a, const Device *b)
{
    return a->allowed == b->allowed && a->permissive == b->permissive &&
           a->assigned == b->assigned && a->caps.msi == b->caps.msi &&
           a->caps.msix == b->caps.msix &&
           same_domain(&a->domain, &b->domain) &&
           same_domain(&a->stubdom, &b->stubdom);
}

/* Returns false where the line cannot be written, with errno set. */
static bool tell(Watch *w, const Device *was, const Device *is)
{
    if (!is) {
        w->lines->left(&was->bdf);
    } else if (!was || !same(was, is)) {
        w->lines->is(is);
    }
    return fflush(stdout) == 0;
}

/* Both inventories are in order. */
static bool tell_all(Watch *w, const Inventory *now)
{
    const Inventory *last = &w->last;
    bool ok = true;

    for (int i = 0, j = 0; ok && (i < last->n || j < now->n);) {
        const Device *was = i < last->n ? &last->devices[i] : NULL;
        const Device *is = j < now->n ? &now->devices[j] : NULL;
        int order = !is ? -1 : !was ? 1 : bdf_compare(&was->bdf, &is->bdf);

        ok = tell(w, order <= 0 ? was : NULL, order >= 0 ? is : NULL);
        i += order <= 0;
        j += order >= 0;
    }
    return ok;
}

static Next look(Watch *w)
{
    Inventory now = { .n = 0 };
    bool ok;
    int error;

    /* Without the driver there is no device. */
    if (!inventory_take(&now, &w->holders)) {
        if (errno != ENOENT) {
            warn("%s cannot be read", PCIBACK);
            return FAIL;
        }
        now.n = 0;
    }
    ok = tell_all(w, &now);
    error = errno;
    inventory_free(&w->last);
    w->last = now;
    if (!ok && error != EPIPE) {
        errno = error;
        warn("standard output");
    }
    return ok ? GO_ON : error == EPIPE ? END : FAIL;
}

/* Wait for xenstore, for the time to look again, or for the end. */
static Next wait_for_change(Watch *w)
{
    static const struct timespec interval = { .tv_sec = INTERVAL_SECONDS };
    struct pollfd fds[] = {
        { .fd = domains_fd(w->domains), .events = POLLIN },
        { .fd = STDOUT_FILENO },    /* POLLERR if its reader has gone */
    };

    if (ppoll(fds, 2, &interval, &w->waiting) < 0 && errno != EINTR) {
        warn("poll");
        return FAIL;
    }
    return told_to_end || fds[1].revents ? END : GO_ON;
}

static Next start(Watch *w)
{
    w->domains = domains_open();
    if (!w->domains || !domains_watch(w->domains) || !read_holders(w)) {
        warn("xenstore cannot be read; is this root in dom0, with xenstored "
             "running?");
        return FAIL;
    }
    return look(w);
}

static Next go_on(Watch *w)
{
    Next next = wait_for_change(w);
    int changed;

    if (next != GO_ON) {
        return next;
    }
    changed = domains_changed(w->domains);
    if (changed < 0) {
        warnx("the connection to xenstored is lost");
        return FAIL;
    }
    if (changed && !read_holders(w)) {
        warn("xenstore cannot be read any more");
        return FAIL;
    }
    return look(w);
}

Status watch(bool json)
{
    Watch w = { .lines = json ? &watch_json : &watch_text };
    Next next;

    if (!pciback_here()) {
        return STATUS_SYSTEM;
    }
    pciback_supports();             /* says so if not */
    hold_signals(&w);
    for (next = start(&w); next == GO_ON; next = go_on(&w)) {
        /* nothing besides */
    }
    inventory_free(&w.last);
    holders_free(&w.holders);
    domains_close(w.domains);
    return next == END ? STATUS_OK : STATUS_SYSTEM;
}
