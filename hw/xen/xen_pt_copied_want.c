/*
 * Xen PCI pass-through: where a driver copies its message to
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "hw/xen/xen_pt_copied.h"

#define QUALCOMM 0x17cb

/*
 * Linux's ath11k and ath12k reach most registers through windows of 512 KiB in
 * BAR 0. One of them moves; some chips have two more, which do not.
 */
static const struct {
    uint16_t vendor, device;
    XenPTCopiedWindow window;
} known[] = {
    { QUALCOMM, 0x1101, { 0, 0x80000, 0x80000 } },      /* QCA6390 */
    { QUALCOMM, 0x1103, { 0, 0x80000, 0x80000 } },      /* WCN6855 */
    { QUALCOMM, 0x1104, { 0, 0x80000, 0x180000 } },     /* QCN9074 */
    { QUALCOMM, 0x1107, { 0, 0x80000, 0x80000 } },      /* WCN7850 */
    { QUALCOMM, 0x1109, { 0, 0x80000, 0x180000 } },     /* QCN9274 */
};

static XenPTCopiedWant by_ids(uint16_t vendor, uint16_t device,
                              XenPTCopiedWindow *window)
{
    for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
        if (known[i].vendor == vendor && known[i].device == device) {
            *window = known[i].window;
            return XEN_PT_COPIED_KNOWN;
        }
    }
    return XEN_PT_COPIED_NONE;
}

static int digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' :
           c >= 'a' && c <= 'f' ? c - 'a' + 10 :
           c >= 'A' && c <= 'F' ? c - 'A' + 10 : 16;
}

/*
 * With @after behind it; with "0x" before it, it is hexadecimal. Returns: what
 * follows; NULL: there is no such number, or there was none before.
 */
static const char *number(const char *text, int base, uint64_t max, char after,
                          uint64_t *value)
{
    const char *at = text;

    if (at && at[0] == '0' && at[1] == 'x') {
        base = 16;
        text = at += 2;
    }
    for (*value = 0; at && digit(*at) < base && *value <= max; at++) {
        *value = *value * base + digit(*at);
    }
    if (!at || at == text || *at != after || *value > max) {
        return NULL;
    }
    return at + 1;
}

XenPTCopiedWant xen_pt_copied_want(const char *text, uint16_t vendor,
                                   uint16_t device, XenPTCopiedWindow *window)
{
    const char *ids;
    uint64_t bar, v, d;

    if (!text || !strcmp(text, "auto")) {
        return by_ids(vendor, device, window);
    }
    if (!strcmp(text, "off")) {
        return XEN_PT_COPIED_NONE;
    }
    ids = strchr(text, '@');
    text = number(text, 10, 5, ':', &bar);
    text = number(text, 10, UINT32_MAX, ':', &window->offset);
    text = number(text, 10, UINT32_MAX, ids ? '@' : 0, &window->size);
    if (!text || !window->size) {
        return XEN_PT_COPIED_WRONG;
    }
    window->bar = bar;
    if (ids) {
        text = number(text, 16, UINT16_MAX, ':', &v);
        text = number(text, 16, UINT16_MAX, 0, &d);
        if (!text) {
            return XEN_PT_COPIED_WRONG;
        }
        if (v != vendor || d != device) {
            return by_ids(vendor, device, window);
        }
    }
    return XEN_PT_COPIED_ASKED;
}
