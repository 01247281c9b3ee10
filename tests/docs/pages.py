# SPDX-License-Identifier: GPL-2.0-or-later
"""What a page of the documentation says literally, and what it links to."""

import dataclasses
import re

LITERAL = re.compile(r'``(\S(?:[^`]|`(?!`))*?)``')
# A URL ends at a blank, or at the ">" of "`text <URL>`_".
URL = re.compile(r'\b[a-z]+://[^\s<>`]*')
BLOCK = re.compile(r'^(?!\s*\.\. ).*::$|^\s*\.\. code-block::')
MARK = re.compile(r'\.\. runs(?:: (\d+))?\s*$')


@dataclasses.dataclass(frozen=True)
class Block:
    """A literal block; line counts from 1. runs: the exit status that its
    commands are to end with, or None where they are not to be run."""
    line: int
    text: str
    runs: object


class Page:
    """One file of reStructuredText, name as its readers know it."""

    def __init__(self, name, text):
        self.name, self.text = name, text
        self.blocks = []
        self.problems = []
        self._prose = []        # (line, text) without the literal blocks
        self._read(text.split('\n'))

    def literals(self):
        """Yield (line, text) of all inline literals; one may be wrapped."""
        text = '\n'.join(line for _, line in self._prose)
        for found in LITERAL.finditer(text):
            line = self._prose[text.count('\n', 0, found.start())][0]
            yield line, ' '.join(found.group(1).split())

    def links(self):
        """Yield (line, URL) outside literals."""
        for line, text in self._prose:
            for found in URL.finditer(LITERAL.sub('', text)):
                yield line, found.group()

    def _read(self, lines):
        mark, n = None, 0       # mark: (line, status) that awaits its block
        while n < len(lines):
            line = lines[n]
            n += 1
            found = MARK.match(line.strip())
            if found:
                mark = n, int(found.group(1) or 0)
                continue
            self._prose.append((n, line))
            if not BLOCK.search(line):
                continue
            begin = n
            while begin < len(lines) and not lines[begin].strip():
                begin += 1
            depth = indent(lines[begin]) if begin < len(lines) else 0
            if depth <= indent(line):
                continue
            n = begin
            while n < len(lines) and (not lines[n].strip() or
                                      indent(lines[n]) >= depth):
                n += 1
            self.blocks.append(Block(
                begin + 1, '\n'.join(part[depth:] for part in lines[begin:n]),
                mark[1] if mark else None))
            mark = None
        if mark:
            self.problems.append('%d: ".. runs" has no block' % mark[0])


def indent(line):
    return len(line) - len(line.lstrip())
