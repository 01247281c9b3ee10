/*
 * What is to fail in a world, and what was done in it
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "msi-plan.h"

WorldFate plan_choose(void *chooser, WorldOp op, unsigned arg, uint16_t value)
{
    Plan *p = chooser;
    WorldFate fate = p->fate;

    fate.kind = WORLD_FINE;
    for (int i = 0; i < PLAN_FAULTS; i++) {
        const PlanFault *f = &p->fault[i];

        if (f->kind != WORLD_FINE && (p->n == f->at ||
            (f->lasting && p->n > f->at &&
             (f->at >= PLAN_OPS || p->done[f->at].op == op)))) {
            fate.kind = f->kind;
        }
    }
    if (p->n < PLAN_OPS) {
        p->done[p->n].op = op;
        p->done[p->n].kind = fate.kind;
        p->done[p->n].arg = arg;
        p->done[p->n].value = value;
    }
    p->n++;
    return fate;
}

static const char *const fate_name[] = {
    [WORLD_FINE] = "", [WORLD_FAIL] = "!fail", [WORLD_FAIL_DONE] = "!fail-done",
    [WORLD_DROP] = "!drop", [WORLD_ONES] = "!ones", [WORLD_JUNK] = "!junk",
    [WORLD_RESETS] = "!resets",
};

void plan_text(const Plan *p, unsigned from, char *text, size_t size)
{
    static const char *const op_name[] = {
        [WORLD_MAP] = "map", [WORLD_UNMAP] = "unmap", [WORLD_BIND] = "bind",
        [WORLD_UNBIND] = "unbind", [WORLD_MESSAGE] = "message",
    };
    size_t len = 0;

    text[0] = '\0';
    for (unsigned i = from; i < p->n && i < PLAN_OPS && len < size; i++) {
        WorldOp op = p->done[i].op;
        unsigned arg = p->done[i].arg;
        bool command = arg == XEN_PT_MSI_WORD_COMMAND;
        const char *gap = i == from ? "" : " ";
        const char *fate = fate_name[p->done[i].kind];

        if (op == WORLD_READ) {
            len += snprintf(text + len, size - len, "%s%s%s", gap,
                            command ? "command" : "read", fate);
        } else if (op == WORLD_WRITE) {
            len += snprintf(text + len, size - len, "%s%s=%04x%s", gap,
                            command ? "command" : "write", p->done[i].value,
                            fate);
        } else if (op == WORLD_INTX) {
            len += snprintf(text + len, size - len, "%s%s%s", gap,
                            p->done[i].value ? "intx-back" : "intx-away",
                            fate);
        } else {
            len += snprintf(text + len, size - len, "%s%s%u%s%s", gap,
                            op_name[op], arg,
                            p->done[i].value ? "+mask" : "", fate);
        }
    }
}

static WorldFateKind fate_of(const char *word, size_t len)
{
    size_t op = strcspn(word, "! ");
    size_t n = len - op;

    for (WorldFateKind kind = WORLD_FINE; kind <= WORLD_RESETS; kind++) {
        if (strlen(fate_name[kind]) == n &&
            !strncmp(fate_name[kind], word + op, n)) {
            return kind;
        }
    }
    fprintf(stderr, "there is no fate as in \"%s\"\n", word);
    abort();
}

void plan_faults(Plan *p, const char *text)
{
    PlanFault *f = p->fault;

    memset(p->fault, 0, sizeof(p->fault));
    for (unsigned at = p->n; *text; at++) {
        size_t len = strcspn(text, " ");
        WorldFateKind kind = fate_of(text, len);

        if (kind != WORLD_FINE && f < p->fault + PLAN_FAULTS) {
            *f++ = (PlanFault) { .at = at, .kind = kind };
        }
        text += len + strspn(text + len, " ");
    }
}

void world_broken(const World *w, const char *rule)
{
    const Plan *p = w->chooser;
    char text[16384];

    plan_text(p, 0, text, sizeof(text));
    printf("Bail out! %s: broken: %s\n# after: %s\n", p->name, rule, text);
    fflush(stdout);
    abort();
}
