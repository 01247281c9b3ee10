# SPDX-License-Identifier: GPL-2.0-or-later
"""docs/reference.rst against the code, both ways: what an operator can meet
is in the one just when it is in the other."""

import errno
import glob
import os
import re

REPORT = 'hw/xen/xen_pt_msi_report.c'
REFUSED = 'hw/xen/xen_pt_refused_dev.c'


def _read(top, *patterns):
    text = ''
    for pattern in patterns:
        for path in sorted(glob.glob(os.path.join(top, pattern))):
            with open(path, encoding='utf-8') as f:
                text += f.read()
    return text


def code_names(top):
    """Return {kind: names} of what the code has."""
    report = _read(top, REPORT)
    added = '\n'.join(re.findall(r'^\+(?!\+\+)(.*)', _read(
        top, 'patches/*.patch'), re.M))
    code = _read(top, 'hw/xen/*.c')
    return {
        'step': set(re.findall(
            r'\[XEN_PT_MSI_STEP_\w+\] = \{\s*"(\w+)"', report))
        - {'none'},
        'state': set(re.findall(r'\[XEN_PT_MSI_\w+\] = "(\w+)"',
                                report.partition('state_name[]')[2]
                                .partition('};')[0])) |
        set(re.findall(r'\? "(\w+)"', report.partition('*state(')[2]
                       .partition('}')[0])),
        'trace event': set(re.findall(r'^(xen_pt_msix?_\w+)\(', added, re.M)),
        'property': set(re.findall(r'DEFINE_PROP_\w+\("([\w-]+)"',
                                   added + code)) |
        set(re.findall(r'object_class_property_add\w*\(klass, "([\w-]+)"',
                       added + code)),
        'status field': set(re.findall(
            r'visit_(?:type_\w+|fault)\(v, "([\w-]+)"',
            report + _read(top, REFUSED))),
        'error': {os.strerror(getattr(errno, name)) for name in re.findall(
            r'\bON\(\w+\), -(E\w+),', report)},
    }


def page_names(text):
    """Return {kind: names} of what the page tells of."""
    parts = {}
    for title, part in re.findall(
            r'^([^\n]+)\n-{3,}\n(.*?)(?=^[^\n]+\n-{3,}\n|\Z)', text,
            re.M | re.S):
        parts[title.split()[0]] = part
    properties = parts.get('Properties', '')
    steps = parts.get('Steps', '')
    term = r'^(``[^\n]*)\n(?=    \S)'       # of a definition list
    terms = ' '.join(re.findall(term, steps, re.M))
    rows = dict(re.findall(r'^    ``([\w-]+)``  +(.*(?:\n     {8,}\S.*)*)',
                           properties, re.M))
    return {
        'step': set(re.findall(r'``(\w+)``', terms)),
        'state': set(re.findall(r'``(\w+)``', rows.get('state', ''))),
        'trace event': set(re.findall(r'^``(xen_pt_msix?_\w+)``',
                                      parts.get('Trace', ''), re.M)),
        'property': set(re.findall(
            r'``((?:msix?|config|copied|power_mgmt)(?:-\w+)*)``',
            ' '.join(re.findall(term, properties, re.M)))),
        'status field': set(rows) | set(re.findall(
            r'``(\w+)``', rows.get('fault', '').partition(';')[0])),
        'error': set(re.findall(r'\*([A-Z][^*]+)\*', ' '.join(
            steps.partition('Besides')[0].split()))),
    }


def complaints(top, text):
    """Yield a line for each name that only one of the two has."""
    code, page = code_names(top), page_names(text)
    for kind, names in code.items():
        if not names:
            yield 'no %s is found in the code; look after %s' % (kind, __file__)
        for name in sorted(names - page[kind]):
            yield 'the %s "%s" is not described' % (kind, name)
        # An error that is explained need not have a remedy in the log.
        for name in sorted(page[kind] - names) if kind != 'error' else ():
            yield 'there is no %s "%s"' % (kind, name)
