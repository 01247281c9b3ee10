# SPDX-License-Identifier: GPL-2.0-or-later
"""Files that are made once, and again only when their ingredients change."""

import hashlib
import os
import shutil

from .errors import HarnessError


def digest(*ingredients):
    """Return a hash over ingredients: str and bytes as they are, a
    pathlib.Path by the contents of the file it names."""
    total = hashlib.sha256()
    for item in ingredients:
        if hasattr(item, "read_bytes"):
            item = item.read_bytes()
        if isinstance(item, str):
            item = item.encode()
        total.update(b"%d:" % len(item) + item)
    return total.hexdigest()


def made(target, key, make):
    """Return target (a pathlib.Path), made by make(temporary path) unless
    what is there was made for the same key. It appears whole or not at all."""
    stamp = target.with_name(target.name + ".key")
    try:
        if target.exists() and stamp.read_text() == key:
            return target
    except FileNotFoundError:
        pass
    temporary = target.with_name(target.name + ".new")
    target.parent.mkdir(parents=True, exist_ok=True)
    stamp.unlink(missing_ok=True)
    _remove(temporary)
    try:
        make(temporary)
        if target.is_dir():
            _remove(target)
        os.replace(temporary, target)
        stamp.write_text(key)
    except OSError as error:
        raise HarnessError(f"cannot make {target}: {error.strerror}") \
            from error
    finally:
        _remove(temporary)
    return target


def _remove(path):
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
