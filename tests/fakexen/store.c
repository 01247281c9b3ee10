/*
 * A fake Xen: what is in xenstore
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A flat list of paths is enough for the few dozen nodes that a device model
 * has. A node's parents exist with it.
 */

#include "store.h"

#include <stdlib.h>
#include <string.h>

typedef struct Node {
    char *path, *value;
} Node;

static Node *nodes;
static unsigned count;

static Node *find(const char *path)
{
    for (unsigned i = 0; i < count; i++) {
        if (!strcmp(nodes[i].path, path)) {
            return &nodes[i];
        }
    }
    return NULL;
}

bool fk_store_below(const char *path, const char *parent)
{
    size_t n = strlen(parent);

    return !strncmp(path, parent, n) && (path[n] == '/' || !path[n]);
}

void fk_store_init(void)
{
    fk_store_remove("");
}

void fk_store_set(const char *path, const char *value)
{
    Node *n = find(path);

    if (n) {
        free(n->value);
    } else {
        nodes = realloc(nodes, (count + 1) * sizeof(*nodes));
        if (!nodes) {
            fk_die("out of memory");
        }
        n = &nodes[count++];
        n->path = strdup(path);
    }
    n->value = strdup(value);
}

const char *fk_store_get(const char *path)
{
    Node *n = find(path);

    if (n) {
        return n->value;
    }
    for (unsigned i = 0; i < count; i++) {
        if (fk_store_below(nodes[i].path, path)) {
            return "";
        }
    }
    return NULL;
}

void fk_store_remove(const char *path)
{
    unsigned kept = 0;

    for (unsigned i = 0; i < count; i++) {
        if (!*path || fk_store_below(nodes[i].path, path)) {
            free(nodes[i].path);
            free(nodes[i].value);
        } else {
            nodes[kept++] = nodes[i];
        }
    }
    count = kept;
    if (!count) {
        free(nodes);
        nodes = NULL;
    }
}

unsigned fk_store_children(const char *path, FkStoreChild *fn, void *opaque)
{
    size_t n = strlen(path);
    unsigned children = 0;

    for (unsigned i = 0; i < count; i++) {
        const char *name = nodes[i].path + n + 1;
        size_t len;
        bool seen = false;

        if (!fk_store_below(nodes[i].path, path) || !nodes[i].path[n]) {
            continue;
        }
        len = strcspn(name, "/");
        for (unsigned j = 0; j < i && !seen; j++) {
            seen = strlen(nodes[j].path) >= n + 1 + len &&
                   fk_store_below(nodes[j].path, path) &&
                   !strncmp(nodes[j].path + n + 1, name, len) &&
                   (!nodes[j].path[n + 1 + len] ||
                    nodes[j].path[n + 1 + len] == '/');
        }
        if (!seen) {
            children++;
            if (fn) {
                fn(opaque, name, len);
            }
        }
    }
    return children;
}
