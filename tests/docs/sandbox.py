# SPDX-License-Identifier: GPL-2.0-or-later
"""What QEMU may not do, and what init does for it, in docs/image.rst and in the
code."""

import os
import re

SOURCE, PAGE = 'stubdom/sandbox.c', 'docs/image.rst'
CALLS = 'stubdom/gate-calls.c'
RULES = re.compile(r'^static const Rule rules\[\] = \{(.*?)^\};', re.M | re.S)
RULE = re.compile(r'^    (?:[A-Z]+\(|\{ \")(\w+)', re.M)
CALL_ROW = re.compile(r'^   \* - ([A-Z]+_\w+)$', re.M)
GROUP = re.compile(r'^    GROUP\("([^"]+)", ([A-Z]+),\s+((?:"[^"]*"\s*)+),'
                   r'(.*?)\),\n(?=    GROUP|\};)', re.M | re.S)
ROW = re.compile(r'^   \* - (.*?)(?=^   \* - |^\S)', re.M | re.S)


def _read(top, name):
    with open(os.path.join(top, name), encoding='utf-8') as f:
        return f.read()


def code_groups(text):
    """Return {group: (what, why, calls)} of the code."""
    return {name: (what.lower(), ''.join(re.findall(r'"([^"]*)"', why)),
                   sorted(re.findall(r'CALL(?:_IF)?\((\w+)', calls)))
            for name, what, why, calls in GROUP.findall(text)}


def page_groups(text):
    """Return the same of the page. A call is the first word of an item."""
    groups = {}
    for row in ROW.findall(text):
        cells = [' '.join(cell.split())
                 for cell in re.split(r'\n     - ', row)]
        if len(cells) != 4:
            continue            # of another table
        name, calls, what, why = cells
        groups[name] = (what, why, sorted(
            item.split()[0] for item in re.split('[,;]', calls)))
    return {name: row for name, row in groups.items() if name != 'group'}


def hypercalls(top):
    """Yield a line if the page's hypercalls are not those of the code."""
    code = RULE.findall(RULES.search(_read(top, CALLS)).group(1))
    page = CALL_ROW.findall(_read(top, PAGE))
    if code != page:
        yield 'the hypercalls of %s are %s, those of %s %s' % (
            CALLS, code, PAGE, page)


def complaints(top):
    """Yield a line for each thing that only one of the two says."""
    yield from hypercalls(top)
    code = code_groups(_read(top, SOURCE))
    page = page_groups(_read(top, PAGE))
    if list(code) != list(page):
        yield 'the groups of %s are %s, those of %s %s' % (
            SOURCE, list(code), PAGE, list(page))
        return
    for name in code:
        for kind, has, says in zip(('what', 'why', 'calls'), code[name],
                                   page[name]):
            if has != says:
                yield 'group "%s", %s: %s has %s, %s %s' % (
                    name, kind, SOURCE, has, PAGE, says)
