/*
 * A fake Xen: operations that are made to go wrong
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "fakexen.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_RULES 64

typedef struct Rule {
    char op[32];
    int offset;                 /* -1: any */
    uint64_t first;             /* counted from 1 */
    uint64_t last;
    uint64_t seen;
    FkFault fault;
} Rule;

static Rule rules[MAX_RULES];
static unsigned nrules;

/* The operations that a rule may name. */
static const char *const ops[] = {
    "cfg.read", "cfg.write", "map_pirq", "map_pirq_msi", "unmap_pirq",
    "bind_msi", "unbind_msi", "bind_pci", "unbind_pci", "memory_mapping",
    "ioport_mapping", "open_resource", "mmap_resource",
};

static const struct {
    const char *name;
    FkFaultKind kind;
} actions[] = {
    { "ones", FK_FAULT_ONES },
    { "silent", FK_FAULT_SILENT },
    { "timeout", FK_FAULT_TIMEOUT },
    { "late", FK_FAULT_LATE },
    { "short", FK_FAULT_SHORT },
};

void fk_fault_clear(void)
{
    nrules = 0;
}

static bool known(const char *op)
{
    for (size_t i = 0; i < sizeof(ops) / sizeof(ops[0]); i++) {
        if (!strcmp(ops[i], op)) {
            return true;
        }
    }
    return !strcmp(op, "*");
}

static bool parse_action(const char *action, FkFault *f)
{
    const char *end;

    for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++) {
        if (!strcmp(actions[i].name, action)) {
            f->kind = actions[i].kind;
            return true;
        }
    }
    f->value = fk_errno_value(action);
    if (f->value) {
        f->kind = FK_FAULT_ERRNO;
        return true;
    }
    f->kind = FK_FAULT_VALUE;
    end = fk_number(action, 0, &f->value);
    return end && !*end;
}

/* N the Nth, N+ from the Nth on, "all" */
static bool parse_which(const char *which, Rule *r)
{
    const char *end;

    if (!strcmp(which, "all")) {
        which = "1+";
    }
    end = fk_number(which, 10, &r->first);
    r->last = r->first;
    if (end && *end == '+') {
        r->last = UINT64_MAX;
        end++;
    }
    return end && !*end && r->first;
}

bool fk_fault_add(const char *op, const char *which, const char *action,
                  char *error)
{
    Rule r = { .offset = -1 };
    const char *at = strchrnul(op, '@');
    uint64_t offset;

    if ((size_t)(at - op) >= sizeof(r.op)) {
        return fk_wrong(error, "'%.20s...' is not an operation", op);
    }
    memcpy(r.op, op, at - op);
    if (!known(r.op)) {
        return fk_wrong(error, "'%s' is not an operation", r.op);
    }
    if (*at) {
        const char *end = fk_number(at + 1, 0, &offset);

        if (!end || *end || offset >= FK_CONFIG_MAX) {
            return fk_wrong(error, "'%.20s' is not an offset", at + 1);
        }
        r.offset = offset;
    }
    if (!parse_which(which, &r)) {
        return fk_wrong(error, "'%.20s' is neither N, N+ nor all", which);
    }
    if (!parse_action(action, &r.fault)) {
        return fk_wrong(error, "'%.20s' is no errno, value, ones, silent, "
                        "timeout, late or short", action);
    }
    if (nrules == MAX_RULES) {
        return fk_wrong(error, "more than %d faults", MAX_RULES);
    }
    rules[nrules++] = r;
    return true;
}

FkFault fk_fault(const char *op, int offset)
{
    FkFault f = { FK_FAULT_NONE };

    for (unsigned i = 0; i < nrules; i++) {
        Rule *r = &rules[i];

        if ((strcmp(r->op, op) && strcmp(r->op, "*")) ||
            (r->offset >= 0 && r->offset != offset)) {
            continue;
        }
        r->seen++;
        if (r->seen >= r->first && r->seen <= r->last) {
            f = r->fault;       /* the rule that was given last wins */
        }
    }
    return f;
}
