/*
 * Give devices the permission
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
#include <unistd.h>

#include "allow.h"
#include "bdf.h"
#include "config.h"
#include "domains.h"
#include "find.h"
#include "pciback.h"
#include "path.h"
#include "shown.h"

/* What is known while the names are gone through */
typedef struct Job {
    const AllowOptions *options;
    bool qubes;
    Domains *domains;           /* NULL until one is asked for */
    Assignment *assigned;
    int n_assigned;
    Status status;
    int given;                  /* to how many devices */
} Job;

static void fail(Job *job, Status status)
{
    if (job->status < status) {
        job->status = status;
    }
}

static bool system_ready(void)
{
    return pciback_here() && pciback_supports();
}

/*
 * Qubes OS patches its libxl (qubes-vmm-xen, "Allow stubdomain to control
 * interrupts of PCI device"): attaching a device to a stub domain gives the
 * permission. There is nothing to be done, and nothing to be given early.
 */
static bool on_qubes(void)
{
    return access(path_to("/etc/qubes-release").text, F_OK) == 0;
}

/* What comes of a device */
typedef enum Verdict {
    NOTHING,            /* --configured has nothing to do, and nothing to say */
    NOT_OURS,           /* pciback_owns() has said why */
    UNREADABLE,
    ALREADY,
    LEFT,
    MAY_HAVE,           /* pciback is to be asked; one of these comes of it */
    NOT_ROOT,
    RELEASED,
    DENIED,
    UNLISTED,
    WOULD,
    ALLOWED,
} Verdict;

/* What each means for the exit status, and what is said of it */
static const struct Meaning {
    Status status;
    const char *text;       /* on standard error, unless the status is OK */
    const char *advice;     /* not NULL: errno says why, and this comes then */
} meanings[] = {
    [NOTHING] = { .status = STATUS_OK },
    [NOT_OURS] = { .status = STATUS_REFUSED },
    [UNREADABLE] = { STATUS_REFUSED, PCIBACK_ATTRIBUTE " cannot be read", "" },
    [ALREADY] = { STATUS_OK, "already allowed", NULL },
    [LEFT] = { STATUS_OK, "left to Qubes OS, which allows it when a stub "
               "domain gets it", NULL },
    [NOT_ROOT] = { STATUS_SYSTEM, PCIBACK_ATTRIBUTE " cannot be written",
                   "; run this as root in dom0" },
    [RELEASED] = { STATUS_REFUSED, "pciback has released it in the meantime",
                   NULL },
    [DENIED] = { STATUS_REFUSED, "pciback refuses the permission", "" },
    [UNLISTED] = { STATUS_REFUSED, "pciback raised no objection, but "
                   PCIBACK_ATTRIBUTE " does not list the device", NULL },
    [WOULD] = { STATUS_OK, "would be allowed", NULL },
    [ALLOWED] = { STATUS_OK, "allowed", NULL },
};

/* Looks, and changes nothing. */
static Verdict decide(const Job *job, const Bdf *bdf)
{
    bool quiet = job->options->configured;
    int owns = pciback_owns(bdf, quiet), allowed;

    if (owns <= 0) {
        return owns == 0 && quiet ? NOTHING : NOT_OURS;
    }
    allowed = pciback_allowed(bdf);
    if (allowed) {
        return allowed < 0 ? UNREADABLE : quiet ? NOTHING : ALREADY;
    }
    return job->qubes ? LEFT : MAY_HAVE;
}

/* Asks for the permission, or, DRY_RUN, whether one may ask. */
static Verdict ask_pciback(const Bdf *bdf, bool dry_run)
{
    int allowed;

    if (!pciback_allow(bdf, dry_run)) {
        return errno == EACCES || errno == EPERM || errno == EROFS ? NOT_ROOT :
               errno == ENODEV ? RELEASED : DENIED;
    }
    if (dry_run) {
        return WOULD;
    }
    allowed = pciback_allowed(bdf);
    return allowed < 0 ? UNREADABLE : allowed ? ALLOWED : UNLISTED;
}

static void report(const Bdf *bdf, const struct Meaning *m, int error)
{
    if (m->text && m->status == STATUS_OK) {
        printf("%s: %s%s\n", bdf->text, m->text,
               pciback_permissive(bdf) != 1 ? "" :
               " (in pciback's permissive mode, where all writes are)");
    } else if (m->advice) {
        warnx("%s: %s: %s%s", bdf->text, m->text, strerror(error), m->advice);
    } else if (m->text) {
        warnx("%s: %s", bdf->text, m->text);
    }
}

static void allow_device(Job *job, const Bdf *bdf)
{
    Verdict verdict = decide(job, bdf);

    if (verdict == MAY_HAVE) {
        verdict = ask_pciback(bdf, job->options->dry_run);
    }
    report(bdf, &meanings[verdict], errno);
    fail(job, meanings[verdict].status);
    job->given += verdict == ALLOWED;
}

static bool read_domains(Job *job)
{
    if (job->domains) {
        return true;
    }
    job->domains = domains_open();
    if (job->domains) {
        job->n_assigned = domains_assignments(job->domains, &job->assigned);
        if (job->n_assigned >= 0) {
            return true;
        }
    }
    warn("xenstore cannot be read; is this root in dom0, with xenstored "
         "running?");
    domains_close(job->domains);
    job->domains = NULL;
    fail(job, STATUS_SYSTEM);
    return false;
}

/* Is it a stub domain's? If not, says so, not being content with that. */
static bool of_stubdom(Job *job, const Bdf *bdf)
{
    const Assignment *a = NULL;
    char *name;

    for (int i = 0; i < job->n_assigned && !a; i++) {
        if (bdf_compare(&job->assigned[i].bdf, bdf) == 0) {
            a = &job->assigned[i];
        }
    }
    if (a && a->stubdom) {
        return true;
    }
    if (a) {
        name = domains_name(job->domains, a->domid);
        warnx("%s: domain %u (%s) has it, which is not a stub domain; only a "
              "stub domain can use the permission", bdf->text, a->domid,
              shown(name ? name : "?").text);
        free(name);
    } else {
        warnx("%s: no domain has it", bdf->text);
    }
    return false;
}

static void allow_named(Job *job, const char *word)
{
    Name name;
    Bdf bdf;

    if (!name_parse(&name, word)) {
        return;                 /* check_words() has said so */
    } else if (!find(&name, "", &bdf)) {
        fail(job, STATUS_REFUSED);
    } else if (!job->options->stubdom_only) {
        allow_device(job, &bdf);
    } else if (read_domains(job)) {
        if (of_stubdom(job, &bdf)) {
            allow_device(job, &bdf);
        } else {
            fail(job, STATUS_REFUSED);
        }
    }
}

static void allow_domain(Job *job, const char *name)
{
    unsigned domid, n = 0;
    int given = job->given;

    if (!read_domains(job)) {
        return;
    }
    if (domains_find(job->domains, name, &domid) < 0) {
        if (errno == ENOENT) {
            warnx("%s: there is no such domain; \"xl list\" lists them",
                  shown(name).text);
            fail(job, STATUS_REFUSED);
        } else {
            warn("%s: xenstore cannot be read", shown(name).text);
            fail(job, STATUS_SYSTEM);
        }
        return;
    }
    for (int i = 0; i < job->n_assigned; i++) {
        const Assignment *a = &job->assigned[i];

        if (a->domid != domid && !(a->stubdom && a->target == domid)) {
            continue;
        }
        n++;
        if (of_stubdom(job, &a->bdf) || !job->options->stubdom_only) {
            allow_device(job, &a->bdf);
        } else {
            fail(job, STATUS_REFUSED);
        }
    }
    if (n == 0) {
        warnx("%s: neither this domain nor a stub domain of it has a PCI "
              "device; see: xl pci-list %s", shown(name).text,
              shown(name).text);
        fail(job, STATUS_REFUSED);
    } else if (job->given > given) {
        warnx("%s: a device that was attached without the permission stays "
              "without MSI until it is attached again; see CAVEATS in "
              "xen-pt-msi-allow(8)", shown(name).text);
    }
}

/* A domain's name can hold a colon, but hardly on purpose. */
static bool is_device(const char *word)
{
    return strchr(word, ':') != NULL;
}

/* How many of the words may be right? Says which are not, on any system. */
static int check_words(Job *job, char *const *words, int n)
{
    int good = 0;
    Name name;

    for (int i = 0; i < n; i++) {
        if (is_device(words[i]) && !name_parse_word(&name, words[i])) {
            fail(job, STATUS_USAGE);
        } else {
            good++;
        }
    }
    return good;
}

Status allow(char *const *words, int n, const AllowOptions *options)
{
    Job job = { .options = options };

    if (check_words(&job, words, n) == 0) {
        return job.status;
    }
    if (!system_ready()) {
        return STATUS_SYSTEM;
    }
    job.qubes = on_qubes();
    for (int i = 0; i < n; i++) {
        if (is_device(words[i])) {
            allow_named(&job, words[i]);
        } else {
            allow_domain(&job, words[i]);
        }
    }
    domains_close(job.domains);
    free(job.assigned);
    return job.status;
}

static void allow_all(Job *job)
{
    Bdf *list;
    int n = pciback_devices(&list);

    if (n < 0) {
        warn("%s cannot be read", PCIBACK);
        fail(job, STATUS_SYSTEM);
    }
    for (int i = 0; i < n; i++) {
        allow_device(job, &list[i]);
    }
    free(list);
}

static void allow_line(Job *job, const ConfigLine *line)
{
    char where[sizeof(CONFIG_FILE) + 32];
    Bdf bdf;

    snprintf(where, sizeof(where), "%s, line %u: ", CONFIG_FILE, line->number);
    if (find(&line->name, where, &bdf)) {
        allow_device(job, &bdf);
    } else {
        fail(job, STATUS_REFUSED);
    }
}

Status allow_configured(const AllowOptions *options)
{
    Job job = { .options = options };
    Config config;

    if (on_qubes()) {
        return STATUS_OK;
    }
    if (!config_read(&config)) {
        return STATUS_USAGE;
    }
    if (!config.all && config.n == 0) {
        return STATUS_OK;
    }
    if (!system_ready()) {
        fail(&job, STATUS_SYSTEM);
    } else if (config.all) {
        allow_all(&job);
    } else {
        for (int i = 0; i < config.n; i++) {
            allow_line(&job, &config.lines[i]);
        }
    }
    free(config.lines);
    return job.status;
}
