/*
 * A fake Xen: devices described by lspci
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The bytes come from `lspci -xxx` or `-xxxx`. With `-vv` it also says what
 * they cannot: how large the BARs are, and the interrupt line; where the BARs
 * are of a function that has them described elsewhere (a virtual function; one
 * with Enhanced Allocation); with `-nn`, the ids of a virtual function.
 */

#include "fakexen.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool fk_bdf_parse(const char *text, FkBdf *bdf)
{
    unsigned domain = 0, bus, slot, func;
    int n = 0;

    sscanf(text, "%8x:%2x:%2x.%1x%n", &domain, &bus, &slot, &func, &n);
    if (!n) {
        domain = 0;
        sscanf(text, "%2x:%2x.%1x%n", &bus, &slot, &func, &n);
    }
    if (!n || text[n] || slot > 0x1f || func > 7) {
        return false;
    }
    *bdf = (FkBdf) { domain, bus, slot, func };
    return true;
}

const char *fk_bdf(const FkBdf *bdf)
{
    static char text[4][20];
    static unsigned next;
    char *t = text[next++ % 4];

    snprintf(t, sizeof(text[0]), "%04x:%02x:%02x.%x", bdf->domain, bdf->bus,
             bdf->slot & 0x1f, bdf->func & 7);
    return t;
}

bool fk_bdf_equal(const FkBdf *a, const FkBdf *b)
{
    return a->domain == b->domain && a->bus == b->bus && a->slot == b->slot &&
           a->func == b->func;
}

/* "[size=128K]", anywhere in the line; 0 where there is none */
static uint64_t parse_size(const char *line)
{
    const char *s = strstr(line, "[size=");
    uint64_t size;
    const char *end = s ? fk_number(s + strlen("[size="), 10, &size) : NULL;

    if (!end) {
        return 0;
    }
    switch (*end) {
    case 'G':
        size <<= 10;
        /* fallthrough */
    case 'M':
        size <<= 10;
        /* fallthrough */
    case 'K':
        size <<= 10;
        break;
    }
    return size & (size - 1) ? 0 : size;
}

/* "Memory at e0000 (64-bit, prefetchable) [size=4K]", "I/O ports at c000" */
static void parse_bar(const char *line, FkBar *bar)
{
    const char *at = strstr(line, " at ");

    if (!at || !fk_number(at + strlen(" at "), 16, &bar->base)) {
        bar->base = 0;
    }
    bar->size = parse_size(line);
    bar->io = strstr(line, "I/O ports");
    bar->mem64 = strstr(line, "(64-bit");
    bar->prefetch = strstr(line, ", prefetchable");
}

/* What -vv says about the device; what a capability has is further in. */
static void parse_verbose(const char *line, bool further_in, FkDump *d)
{
    unsigned n;
    uint64_t number;
    const char *irq = strstr(line, "routed to IRQ ");

    if (strstr(line, "Physical Function:")) {
        d->is_virtfn = true;
    } else if (further_in) {
        return;
    } else if (sscanf(line, " Region %u:", &n) == 1 && n < FK_MAX_BARS - 1) {
        parse_bar(line, &d->bar[n]);
    } else if (strstr(line, "Expansion ROM at")) {
        parse_bar(line, &d->bar[FK_MAX_BARS - 1]);
    } else if (irq && fk_number(irq + strlen("routed to IRQ "), 10,
                                &number)) {
        d->irq = number;
    }
}

/* "8086:10ed", alone or in brackets; the last one in the line */
static bool parse_ids(const char *line, uint8_t *config)
{
    bool found = false;

    for (const char *p = strpbrk(line, " ["); p; p = strpbrk(p + 1, " [")) {
        unsigned vendor, device;
        int n = 0;

        if (sscanf(p + 1, "%4x:%4x%n", &vendor, &device, &n) == 2 && n == 9 &&
            strchr(" ]", p[1 + n])) {
            config[0] = vendor;
            config[1] = vendor >> 8;
            config[2] = device;
            config[3] = device >> 8;
            found = true;
        }
    }
    return found;
}

static bool is_ones(const uint8_t *p, unsigned len)
{
    while (len && p[len - 1] == 0xff) {
        len--;
    }
    return !len;
}

/* A virtual function answers, but its ids do not (SR-IOV, 3.4.1). */
static void find_ids(const char *name, FkDump *d)
{
    if (is_ones(d->config, 4) && !is_ones(d->config, 16)) {
        d->is_virtfn = true;
        parse_ids(name, d->config);
    }
}

/* "40: 01 50 ..."; false where @line is not of that form at all */
static bool is_row(const char *line, unsigned *offset, const char **bytes)
{
    uint64_t number;
    const char *end = fk_number(line, 16, &number);

    if (!end || end - line < 2 || end - line > 3 || end[0] != ':' ||
        (end[1] && end[1] != ' ')) {
        return false;
    }
    *offset = number;
    *bytes = end + 1;
    return true;
}

static const char *parse_row(const char *bytes, unsigned offset, FkDump *d)
{
    if (offset != d->size) {
        return offset % 16 ? "not at a multiple of 16" : "out of order";
    }
    if (offset + 16 > FK_CONFIG_MAX) {
        return "beyond the end of config space";
    }
    for (unsigned i = 0; i < 16; i++) {
        unsigned byte;
        int n = 0;

        if (sscanf(bytes, " %2x%n", &byte, &n) != 1 || n < 2 ||
            (bytes[n] && bytes[n] != ' ')) {
            return "not 16 bytes in hexadecimal";
        }
        d->config[offset + i] = byte;
        bytes += n;
    }
    if (bytes[strspn(bytes, " ")]) {
        return "more than 16 bytes";
    }
    d->size += 16;
    return NULL;
}

static bool check(const FkDump *d, unsigned line, char *error)
{
    const char *wrong = NULL;

    if (!d->size) {
        wrong = "no bytes; was it made by lspci -xxxx?";
    } else if (d->size < 256) {
        wrong = "less than 256 bytes; was it made as root, by lspci -xxxx?";
    } else if (d->size != 256 && d->size != FK_CONFIG_MAX) {
        wrong = "neither 256 nor 4096 bytes";
    } else if (is_ones(d->config, 2) && !d->is_virtfn) {
        wrong = "the vendor id is ffff: the device did not answer";
    } else if (d->config[0x0e] & 0x7f) {
        wrong = "not an ordinary function (header type 0)";
    }
    if (wrong) {
        fk_wrong(error, "%u: %s", line, wrong);
    }
    return !wrong;
}

bool fk_dump_parse(const char *text, const char *which, FkDump *dump,
                   char *error)
{
    unsigned lineno = 0, first = 0, margin = 0;
    bool here = false, done = false;
    FkBdf want = { 0 }, bdf;
    char name[256] = "";

    memset(dump, 0, sizeof(*dump));
    if (*which && !fk_bdf_parse(which, &want)) {
        return fk_wrong(error, "0: '%.20s' is not a device's address", which);
    }
    while (*text) {
        size_t len = strcspn(text, "\n");
        char line[256], word[20];
        const char *bytes, *wrong;
        unsigned offset;

        snprintf(line, sizeof(line), "%.*s", (int)len, text);
        line[strcspn(line, "\r")] = '\0';
        text += len + (text[len] == '\n');
        lineno++;

        if (sscanf(line, "%19s", word) == 1 && line[0] != ' ' &&
            line[0] != '\t' && fk_bdf_parse(word, &bdf)) {
            if (done) {
                break;
            }
            here = !*which || fk_bdf_equal(&bdf, &want);
            done = here;
            if (here) {
                dump->bdf = bdf;
                first = lineno;
                strcpy(name, line);
            }
        } else if (is_row(line, &offset, &bytes)) {
            if (!done && !first) {
                if (*which) {
                    continue;
                }
                here = done = true;     /* rows alone will do as well */
                first = lineno;
            }
            wrong = here ? parse_row(bytes, offset, dump) : NULL;
            if (wrong) {
                return fk_wrong(error, "%u: %s", lineno, wrong);
            }
        } else if (line[0] == '\t' || line[0] == ' ') {
            unsigned blanks = strspn(line, "\t ");

            margin = margin ? margin : blanks;
            if (here) {
                parse_verbose(line, blanks > margin, dump);
            }
        } else if (line[0] && line[0] != '#') {
            return fk_wrong(error, "%u: neither a device's name nor its bytes",
                            lineno);
        }
    }
    if (!first) {
        return fk_wrong(error, "%u: %s", lineno, *which ? "no such device"
                        : "neither a device's name nor its bytes");
    }
    find_ids(name, dump);
    return check(dump, lineno, error);
}
