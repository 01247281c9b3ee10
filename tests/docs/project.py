# SPDX-License-Identifier: GPL-2.0-or-later
"""What a project tells of itself, beside its pages: who looks after what, what
has changed, which devices were tried."""

import fnmatch
import glob
import os
import re

import names


def _read(top, name):
    with open(os.path.join(top, name), encoding='utf-8') as f:
        return f.read()


def maintainers(top):
    """Yield a line for each pattern of MAINTAINERS that no file has, and for
    each file that nobody looks after."""
    files = list(names.walk(top))
    patterns = re.findall(r'^F: (.+)$', _read(top, 'MAINTAINERS'), re.M)
    found = {pattern: set(fnmatch.filter(files, pattern + (
        '*' if pattern.endswith('/') else ''))) for pattern in patterns}
    for pattern in patterns:
        if not found[pattern]:
            yield 'MAINTAINERS: there is no file %s' % pattern
    for name in sorted(set(files).difference(*found.values())):
        yield 'MAINTAINERS: nobody looks after %s' % name


def changes(top):
    """Yield a line if the version is not the first one of CHANGELOG.rst."""
    version = _read(top, 'VERSION').strip()
    first = re.search(r'^(\S+) \((.+)\)\n-+$', _read(top, 'CHANGELOG.rst'),
                      re.M)
    wanted = version.removesuffix('-dev')
    if not first or first[1] != wanted:
        yield 'CHANGELOG.rst does not begin with %s' % wanted
    elif (first[2] == 'unreleased') != version.endswith('-dev'):
        yield 'CHANGELOG.rst: %s is %s, VERSION says %s' % (
            first[1], first[2], version)


def devices(top):
    """Yield a line for each dump whose device the table of devices lacks, and
    for each device that no dump is of."""
    table = re.findall(r'^   \* - (.+)$', _read(
        top, 'docs/devices-table.txt'), re.M)[1:]
    dumps = []
    for path in glob.glob(os.path.join(top, 'tests/fakexen/dumps/*.lspci')):
        text = _read(top, os.path.relpath(path, top))
        dumps += re.findall(r'^(?:[0-9a-f]{4,}:)?[0-9a-f]{2}:[0-9a-f]{2}\.[0-7] '
                            r'[^:\n]+: *(.+)$', text, re.M)[:1]
    for name in sorted(set(dumps) - set(table)):
        yield 'devices-table.txt: there is no %s; see tests/replay' % name
    for name in sorted(set(table) - set(dumps)):
        yield 'devices-table.txt: no dump is of %s' % name


def complaints(top):
    """Yield a line for each thing that is not true."""
    yield from maintainers(top)
    yield from changes(top)
    yield from devices(top)
