/*
 * A sequence on the bench, and scripts of what is done to it
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "msi-judge.h"
#include "msi-bench.h"

static const struct {
    const char *name;
    XenPTMSIMessage message;
} messages[] = {
    { "none", { 0, 0 } },
    { "cpu0", { 0xfee01000, 0x4041 } },
    { "cpu0v", { 0xfee01000, 0x4052 } },
    { "cpu1", { 0xfee02000, 0x4041 } },
    { "half", { 0xfee01000, 0 } },
    { "pirq5", { 0xfee05000, 0x4300 } },    /* vector 0: asks for pirq 5 */
    { "pirq6", { 0xfee06000, 0x4300 } },
};

void bench_init(Bench *b, WorldKind kind, unsigned nvec, uint16_t control,
                bool permitted)
{
    *b = (Bench) {
        .plan = {
            .name = g_get_prgname(),
            .fate = { .err = -ENOMEM, .word = 0x1234 },
        },
        .found = control,
    };
    world_init(&b->w, kind, nvec, control, COMMAND, permitted, plan_choose,
               &b->plan);
    b->w.command_found = COMMAND;
}

void bench_program(Bench *b, unsigned i, const char *message, bool masked)
{
    for (size_t n = 0; n < G_N_ELEMENTS(messages); n++) {
        if (!strcmp(messages[n].name, message)) {
            world_set_vector(&b->w, i, &messages[n].message, masked);
            return;
        }
    }
    g_error("%s: there is no message \"%s\"", b->plan.name, message);
}

void bench_count(Bench *b, unsigned ops)
{
    g_assert_cmpuint(b->plan.n - b->shown, ==, ops);
    b->shown = b->plan.n;
}

/* --- What there is ------------------------------------------------------ */

static const char *error_name(int err)
{
    switch (err) {
    case -EACCES:
        return "EACCES";
    case -EBUSY:
        return "EBUSY";
    case -EIO:
        return "EIO";
    case -ENOMEM:
        return "ENOMEM";
    case -EPERM:
        return "EPERM";
    default:
        return strerror(-err);
    }
}

static void add_fault(GString *text, const XenPTMSIFault *f)
{
    static const char *const checks[] = {
        [XEN_PT_MSI_CHECK_NOT_READ] = "not-read",
        [XEN_PT_MSI_CHECK_NOT_PROGRAMMED] = "not-programmed",
        [XEN_PT_MSI_CHECK_ADDRESS] = "address",
        [XEN_PT_MSI_CHECK_REMAPPED_DATA] = "remapped-data",
        [XEN_PT_MSI_CHECK_TRIGGER] = "trigger",
    };
    static const struct {
        const char *name;
        bool word;              /* it writes one */
    } steps[] = {
        [XEN_PT_MSI_STEP_MASTER] = { "master", true },
        [XEN_PT_MSI_STEP_MAP] = { "map" },
        [XEN_PT_MSI_STEP_BIND] = { "bind" },
        [XEN_PT_MSI_STEP_READ] = { "read" },
        [XEN_PT_MSI_STEP_CHECK] = { "check" },
        [XEN_PT_MSI_STEP_ENABLE] = { "enable", true },
        [XEN_PT_MSI_STEP_MASKALL] = { "maskall", true },
        [XEN_PT_MSI_STEP_UPDATE] = { "update" },
        [XEN_PT_MSI_STEP_DISABLE] = { "disable", true },
        [XEN_PT_MSI_STEP_UNBIND] = { "unbind" },
        [XEN_PT_MSI_STEP_UNMAP] = { "unmap" },
        [XEN_PT_MSI_STEP_OTHER] = { "other" },
    };

    g_string_append(text, steps[f->step].name);
    if (steps[f->step].word) {
        g_string_append_printf(text, "/%s/%04x/%04x", error_name(f->err),
                               f->written, f->read);
    } else if (f->step == XEN_PT_MSI_STEP_CHECK) {
        g_assert_cmpint(f->err, ==, -EBADMSG);
        g_string_append_printf(text, "%u/%s/%" PRIx64 "/%x", f->vector,
                               checks[f->check], f->message.address,
                               f->message.data);
    } else if (f->step == XEN_PT_MSI_STEP_OTHER) {
        g_string_append_printf(text, "/%s", error_name(f->err));
    } else {
        g_string_append_printf(text, "%u/%s", f->vector, error_name(f->err));
    }
}

static void add_message(GString *text, unsigned i, const XenPTMSIMessage *m,
                        bool masked)
{
    const char *name = "unknown";

    for (size_t n = 0; n < G_N_ELEMENTS(messages); n++) {
        if (world_same(m, &messages[n].message)) {
            name = messages[n].name;
        }
    }
    g_string_append_printf(text, "%u:%s%s", i, name, masked ? "+mask" : "");
}

/* Returns: whether it is seen that the vector has been used. */
static bool add_vector(GString *text, const World *w, unsigned i)
{
    static const XenPTMSIMessage none;
    const WorldVector *v = &w->v[i];
    const XenPTMSIVector *vec = &w->seq.vec[i];
    int pirq = xen_pt_msi_requested_pirq(&v->guest);
    bool wanted = !world_same(&vec->want.message, &none) || vec->want.masked;

    if (v->bound) {
        g_string_append_c(text, ' ');
        add_message(text, i, &v->guest, v->masked);
        if (v->pirq != (pirq ? pirq : 100 + (int)i)) {
            g_string_append_printf(text, "@%d", v->pirq);
        }
        if (!v->device.address) {
            g_string_append_printf(text, " %u:unwritten", i);
        }
        wanted = !world_same(&v->guest, &vec->want.message) ||
                 v->masked != vec->want.masked;
    } else if (v->mapped) {
        g_string_append_printf(text, " %u:mapped", i);
    }
    if (vec->lost) {
        g_string_append_printf(text, " %u:lost", i);
    }
    if (wanted) {
        g_string_append(text, " (");
        add_message(text, i, &vec->want.message, vec->want.masked);
        g_string_append_c(text, ')');
    }
    return v->mapped || vec->lost || world_used(w, i);
}

char *bench_text(const Bench *b)
{
    static const char *const states[] = {
        [XEN_PT_MSI_STATE_OFF] = "off", [XEN_PT_MSI_STATE_PENDING] = "pending",
        [XEN_PT_MSI_STATE_ON] = "on", [XEN_PT_MSI_STATE_REFUSED] = "refused",
    };
    const World *w = &b->w;
    const XenPTMSISeq *s = &w->seq;
    GString *text = g_string_new(states[s->state]);
    uint16_t control = b->found & ~(w->enable | w->maskall);
    unsigned used = 0, lost = 0;

    if (xen_pt_msi_seq_masked(s)) {
        g_string_append(text, "+mask");
    }
    for (unsigned i = 0; i < s->nvec; i++) {
        used = add_vector(text, w, i) ? i + 1 : used;
        lost += s->vec[i].lost;
    }
    g_assert_cmpuint(s->lost, ==, lost);
    if (world_is_msix(w) && s->nused != used) {
        g_string_append_printf(text, " used=%u", s->nused);
    }
    if (s->state == XEN_PT_MSI_STATE_ON) {
        control |= w->enable | (xen_pt_msi_seq_masked(s) ? w->maskall : 0);
    }
    if (w->control != control) {
        g_string_append_printf(text, " control=%04x", w->control);
    }
    if (w->command != w->command_found) {
        g_string_append_printf(text, " command=%04x", w->command);
    }
    if (s->fault.step != XEN_PT_MSI_STEP_NONE) {
        g_string_append_c(text, ' ');
        add_fault(text, &s->fault);
    }
    if (s->lost) {
        g_string_append_c(text, ' ');
        add_fault(text, &s->why_lost);
    }
    if (s->undo_failures) {
        g_string_append_printf(text, " undo=%u/", s->undo_failures);
        add_fault(text, &s->undo);
    }
    return g_string_free(text, false);
}

/* --- Scripts ------------------------------------------------------------ */

static void happen(Bench *b, const char *event)
{
    World *w = &b->w;
    g_autofree char *message = NULL;
    unsigned i, word;
    int end;

    if (sscanf(event, "%u:%m[a-z0-9]%n", &i, &message, &end) == 2) {
        bench_program(b, i, message, !strcmp(event + end, "+mask"));
    } else if (!strcmp(event, "on") || !strcmp(event, "on+mask")) {
        world_set_control(w, true, event[2]);
    } else if (!strcmp(event, "off") || !strcmp(event, "off+mask")) {
        world_set_control(w, false, event[3]);
    } else if (!strcmp(event, "deny") || !strcmp(event, "deny+mask")) {
        xen_pt_msi_seq_deny(&w->seq, event[4]);
    } else if (!strcmp(event, "intx") || !strcmp(event, "no-intx")) {
        world_set_intx(w, event[0] == 'i');
    } else if (!strcmp(event, "rebind")) {
        world_rebind(w);
    } else if (sscanf(event, "message%u", &i) == 1 ||
               sscanf(event, "no-message%u", &i) == 1) {
        g_assert_cmpint(world_ask(w, i), ==, event[0] == 'm');
    } else if (!strcmp(event, "reset")) {
        world_reset(w);
    } else if (!strcmp(event, "clear")) {
        world_clear(w);
    } else if (!strcmp(event, "probe")) {
        world_probe(w);
    } else if (!strcmp(event, "permit")) {
        w->permitted = true;
    } else if (sscanf(event, "word=%x", &word) == 1) {
        w->control = b->found = word;
    } else {
        g_error("%s: there is no event \"%s\"", b->plan.name, event);
    }
}

typedef struct Told {
    Script script;
    WorldKind kind;
} Told;

/* Returns: whether the two are equal. */
static bool equal(const Step *step, const char *what, const char *is,
                  const char *wanted)
{
    bool same = !strcmp(is, wanted);

    if (!same) {
        g_test_fail();
        g_test_message("at \"%s\" %s \"%s\", not \"%s\"", step->event, what,
                       is, wanted);
    }
    return same;
}

static void script_run(gconstpointer data)
{
    const Told *told = data;
    const Script *s = &told->script;
    bool good = true;
    Bench b;

    bench_init(&b, told->kind, s->nvec, s->control, !s->refusing);
    b.w.command = b.w.command_found = s->command;
    b.w.intx = !(s->command & WORLD_INTX_DISABLE);
    b.w.strict = s->strict;
    b.plan.fate = s->fate;
    b.plan.name = g_test_get_path();
    for (const Step *step = s->step; step->event && good; step++) {
        g_auto(GStrv) events = g_strsplit(step->event, " ", -1);
        g_autofree char *text = NULL;
        char ops[2048];

        plan_faults(&b.plan, step->ops);
        for (char **event = events; *event; event++) {
            happen(&b, *event);
        }
        plan_text(&b.plan, b.shown, ops, sizeof(ops));
        b.shown = b.plan.n;
        text = bench_text(&b);
        good = equal(step, "is done", ops, step->ops);
        good = equal(step, "is then", text, step->then) && good;
    }
}

void scripts_add(const char *directory, WorldKind kind, const Script *usual,
                 const Script *script, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        g_autofree char *path = g_strdup_printf("/%s/%s", directory,
                                                script[i].name);
        Told *told = g_new(Told, 1);
        Script *s = &told->script;

        told->kind = kind;
        *s = script[i];
        s->nvec = s->nvec ? s->nvec : usual->nvec;
        s->control = s->control ? s->control : usual->control;
        s->command = s->command ? s->command : usual->command;
        s->fate.err = s->fate.err ? s->fate.err : usual->fate.err;
        s->fate.word = s->fate.word ? s->fate.word : usual->fate.word;
        g_test_add_data_func_full(path, told, script_run, g_free);
    }
}
