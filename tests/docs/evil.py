# SPDX-License-Identifier: GPL-2.0-or-later
"""What a QEMU that was taken over may do, in docs/threat-model.rst and in the
program that tries it."""

import glob
import os
import re

SOURCES, PAGE = 'tests/e2e/evil/*.c', 'docs/threat-model.rst'
ROW = re.compile(r'^ {4}(REFUSED|ALLOWED)\("([^"]+)",\s+((?:"[^"]*"\s*)*)',
                 re.M)
TABLE = re.compile(r'^   \* - (.*?)(?=^   \* - |^\S|\Z)', re.M | re.S)


def _read(name):
    with open(name, encoding='utf-8') as f:
        return f.read()


def code_rows(top):
    """Return ({what is allowed: why}, [what is refused])."""
    rows = [row for path in sorted(glob.glob(os.path.join(top, SOURCES)))
            for row in ROW.findall(_read(path))]
    return ({name: ''.join(re.findall('"([^"]*)"', why))
             for kind, name, why in rows if kind == 'ALLOWED'},
            [name for kind, name, _ in rows if kind == 'REFUSED'])


def page_rows(text):
    """Return the same of the page: two tables, of which the second has the
    names in its second column."""
    text = text.partition('A QEMU that was taken over')[2]
    can, _, cannot = text.partition('It cannot')
    tables = [[[' '.join(cell.split()) for cell in re.split(r'\n     - ', row)]
               for row in TABLE.findall(part)][1:] for part in (can, cannot)]
    return dict(tables[0]), [name for _, names in tables[1]
                             for name in names.split('; ')]


def complaints(top):
    """Yield a line for each thing that only one of the two says."""
    may, not_may = code_rows(top)
    can, cannot = page_rows(_read(os.path.join(top, PAGE)))
    for name in sorted(may.keys() | can.keys()):
        if may.get(name) != can.get(name):
            yield 'evil QEMU, may, "%s": the program has "%s", %s "%s"' % (
                name, may.get(name), PAGE, can.get(name))
    for name in sorted(set(not_may) ^ set(cannot)):
        yield 'evil QEMU, may not: only %s has "%s"' % (
            PAGE if name in cannot else 'the program', name)
    for name in sorted(set(not_may)):
        if not_may.count(name) > 1 or name in may:
            yield 'evil QEMU: "%s" is tried twice' % name
