/*
 * A fake Xen: what is in xenstore
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef FAKEXEN_STORE_H
#define FAKEXEN_STORE_H

#include "fakexen.h"

typedef void FkStoreChild(void *opaque, const char *name, size_t len);

/* Is @path the node @parent, or below it? */
bool fk_store_below(const char *path, const char *parent);
void fk_store_remove(const char *path);     /* with all below; "": everything */

/**
 * fk_store_children: the names directly below a node, each once
 * @fn: called for each; NULL to count only
 *
 * Returns: how many there are.
 */
unsigned fk_store_children(const char *path, FkStoreChild *fn, void *opaque);

#endif
