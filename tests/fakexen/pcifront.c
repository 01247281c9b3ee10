/*
 * A fake Xen: sysfs' config file, over Linux' pcifront or the device itself
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Neither reports what went wrong below them (Linux, drivers/pci/pci-sysfs.c
 * and drivers/pci/xen-pcifront.c): a refused write has full length, and a
 * read that failed gives all-ones.
 */

#include "fakexen.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define PCIFRONT_TIMEOUT_MS 2000

/*
 * The access that nobody waits for any more. There is one page for a request
 * and its answer, so what comes next finds this answer, and is not made. One
 * page for all devices of the stub domain.
 */
static struct {
    FkDevice *d;                /* NULL: there is none */
    bool write;
    unsigned offset, len;
    uint32_t value;
} late;

void fk_pcifront_init(void)
{
    late.d = NULL;
}

static uint32_t answer_late(void)
{
    uint32_t v = late.value;
    int rc = late.write
        ? fk_pciback_write(late.d, late.offset, late.len, late.value)
        : fk_pciback_read(late.d, late.offset, late.len, &v);

    fk_journal("back %s answers late 0x%02x/%u", fk_bdf(&late.d->bdf),
               late.offset, late.len);
    late.d = NULL;
    return rc ? 0xffffffff : v;
}

static void be_late(FkDevice *d, bool write, unsigned offset, unsigned len,
                    uint32_t value)
{
    if (fk.stubdom) {
        late.d = d;
        late.write = write;
        late.offset = offset;
        late.len = len;
        late.value = value;
    }
}

/* One access as the bus sees it: naturally aligned, 1, 2 or 4 bytes. */
static uint32_t bus_read(FkDevice *d, unsigned offset, unsigned len)
{
    uint32_t v;

    if (!fk.stubdom) {
        return fk_device_read(d, offset, len);
    }
    if (late.d) {
        return answer_late();
    }
    return fk_pciback_read(d, offset, len, &v) ? 0xffffffff : v;
}

static void bus_write(FkDevice *d, unsigned offset, unsigned len,
                      uint32_t value)
{
    if (fk.stubdom && late.d) {
        answer_late();
    } else if (fk.stubdom) {
        fk_pciback_write(d, offset, len, value);
    } else {
        fk_dom0_write(d, offset, len, value);
    }
}

/* How sysfs cuts an access: what alignment and the rest allow. */
static unsigned piece(unsigned offset, size_t left)
{
    return offset & 1 || left < 2 ? 1 : offset & 2 || left < 4 ? 2 : 4;
}

static void timed_out(const FkFault *f, char *text, size_t size)
{
    *text = '\0';
    if (f->kind == FK_FAULT_TIMEOUT || f->kind == FK_FAULT_LATE) {
        fk.ms += PCIFRONT_TIMEOUT_MS;
        snprintf(text, size, " (%d ms)", PCIFRONT_TIMEOUT_MS);
    }
}

/* Little-endian bytes as one number, up to 8 of them. */
static void print_value(char *text, size_t size, const uint8_t *p, size_t len)
{
    size_t n = snprintf(text, size, "0x");

    while (len-- && n < size) {
        n += snprintf(text + n, size - n, "%02x", p[len]);
    }
}

/* How much of an access the kernel carries out. */
static size_t clip(const FkDevice *d, size_t len, int64_t offset,
                   const FkFault *f)
{
    if (offset < 0 || offset >= d->size) {
        len = 0;
    } else if (offset + len > d->size) {
        len = d->size - offset;
    }
    return f->kind == FK_FAULT_SHORT && len ? len - 1 : len;
}

long fk_config_read(FkDevice *d, void *buf, size_t len, int64_t offset)
{
    FkFault f = fk_fault("cfg.read", offset);
    char value[64], note[24];
    uint8_t *p = buf;
    size_t done = 0;

    if (f.kind == FK_FAULT_ERRNO) {
        fk_journal("cfg %s read 0x%02x/%zu = %s", fk_bdf(&d->bdf),
                   (unsigned)offset, len, fk_errno_name(f.value));
        errno = f.value;
        return -1;
    }
    len = clip(d, len, offset, &f);
    while (done < len) {
        unsigned n = piece(offset + done, len - done);
        uint32_t v = 0;

        switch (f.kind) {
        case FK_FAULT_LATE:
            be_late(d, false, offset + done, n, 0);
            v = 0xffffffff;
            break;
        case FK_FAULT_ONES:
        case FK_FAULT_TIMEOUT:
            v = 0xffffffff;
            break;
        case FK_FAULT_VALUE:
            v = f.value >> (8 * done);
            break;
        case FK_FAULT_SILENT:
            break;
        default:
            v = bus_read(d, offset + done, n);
            break;
        }
        for (unsigned i = 0; i < n; i++) {
            p[done + i] = v >> (8 * i);
        }
        done += n;
    }
    print_value(value, sizeof(value), p, len);
    timed_out(&f, note, sizeof(note));
    fk_journal("cfg %s read 0x%02x/%zu = %s%s", fk_bdf(&d->bdf),
               (unsigned)offset, len, value, note);
    return len;
}

long fk_config_write(FkDevice *d, const void *buf, size_t len, int64_t offset)
{
    FkFault f = fk_fault("cfg.write", offset);
    const uint8_t *p = buf;
    char value[64], note[24];
    size_t done = 0;
    int err = fk.lockdown ? EPERM : f.kind == FK_FAULT_ERRNO ? f.value : 0;

    print_value(value, sizeof(value), p, len);
    timed_out(&f, note, sizeof(note));
    fk_journal("cfg %s write 0x%02x/%zu %s%s%s%s", fk_bdf(&d->bdf),
               (unsigned)offset, len, value, note, err ? " = " : "",
               err ? fk_errno_name(err) : "");
    if (err) {
        errno = err;
        return -1;
    }
    len = clip(d, len, offset, &f);
    if (f.kind == FK_FAULT_SILENT || f.kind == FK_FAULT_TIMEOUT) {
        return len;
    }
    while (done < len) {
        unsigned n = piece(offset + done, len - done);
        uint32_t v = 0;

        for (unsigned i = 0; i < n; i++) {
            v |= (uint32_t)p[done + i] << (8 * i);
        }
        if (f.kind == FK_FAULT_LATE) {
            be_late(d, true, offset + done, n, v);
            done += n;
            continue;
        }
        if (f.kind == FK_FAULT_VALUE) {
            v = (f.value >> (8 * done)) & (0xffffffffu >> (32 - 8 * n));
        }
        bus_write(d, offset + done, n, v);
        done += n;
    }
    return len;
}
