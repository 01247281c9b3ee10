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


def demo(top):
    """Yield a line if the README's table of the demo is another than that of
    its page, or has other rows than the demo."""
    tables = [re.search(r'(?m)^    permission  QEMU .*\n(?:    .*\n)+',
                        _read(top, page)) for page in
              ('README.rst', 'docs/demo.rst')]
    if None in tables or tables[0][0] != tables[1][0]:
        yield 'README.rst and docs/demo.rst differ in the table of the demo'
        return
    rows = re.findall(r'^    \("[\w-]+", "([\w ]+)", "(\w+)"\),$',
                      _read(top, 'tests/e2e/demo'), re.M)
    shown = [tuple(re.split('  +', line.strip())[:2])
             for line in tables[0][0].splitlines()[1:]]
    if rows != shown:
        yield 'the table of the demo has the rows %s, the demo %s' % (
            shown, rows)


def complaints(top):
    """Yield a line for each thing that is not true."""
    yield from maintainers(top)
    yield from changes(top)
    yield from devices(top)
    yield from demo(top)
