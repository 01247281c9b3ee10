# SPDX-License-Identifier: GPL-2.0-or-later
"""The system calls that are forbidden, in docs/image.rst and in the code."""

import os
import re

SOURCE, PAGE = 'stubdom/sandbox.c', 'docs/image.rst'
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
        name, calls, what, why = (' '.join(cell.split())
                                  for cell in re.split(r'\n     - ', row))
        groups[name] = (what, why, sorted(
            item.split()[0] for item in re.split('[,;]', calls)))
    groups.pop('group')     # the heading
    return groups


def complaints(top):
    """Yield a line for each thing that only one of the two says."""
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
