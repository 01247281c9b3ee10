# SPDX-License-Identifier: GPL-2.0-or-later
"""Does what a page names exist in this project?"""

import fnmatch
import functools
import glob
import os
import re
import shlex
import subprocess
import sys

PATH = re.compile(r'(?:\./)?[\w.*+-]+(?:/[\w.*+-]+)*/?$')
FILE = re.compile(r'[\w-]+\.(?:c|h|py|rst|txt|patch|in|conf|bash|lspci|mak|cfg|'
                  r'cpio)$')
SYMBOL = re.compile(r'(?:xen_pt_|XenPT|XEN_PT_)\w+')
OPTION = re.compile(r'--[a-z][a-z-]*')
TEST = re.compile(r'test-[a-z-]+$')
# Of other projects: Linux, Xen, Qubes OS.
FOREIGN = ('drivers/', 'tools/', 'arch/', 'Documentation/', 'libxl-Allow-')
DOM0_TOOL = 'xen-pt-msi-allow', 'dom0/main.c'


def walk(top):
    """Yield the project's files, relative to top; none that is built."""
    for where, dirs, names in os.walk(top):
        dirs[:] = [d for d in dirs if d not in ('.git', '__pycache__') and
                   not (where == top and d == 'build')]
        for name in names:
            if name != '.git':      # of a worktree
                yield os.path.relpath(os.path.join(where, name), top)


class Names:
    """The names that there are in the project at top, built in build."""

    def __init__(self, top, build):
        self.top, self.build = top, build
        self.files = sorted(walk(top))
        # What a name's being there is told by: no page, and none of these
        # files, which have wrong names on purpose.
        self._sources = [f for f in self.files if not f.endswith('.rst') and
                         not f.startswith('tests/docs/')]
        self._stems = {os.path.splitext(os.path.basename(f))[0]
                       for f in self.files}
        self._top_names = {f.split('/')[0] for f in self.files}

    def complaints(self, page):
        """Yield a line for each name in the page that does not exist."""
        yield from page.problems
        for line, text in page.literals():
            for complaint in self._text(text, os.path.dirname(page.name)):
                yield '%d: %s' % (line, complaint)
        for block in page.blocks:
            for n, text in enumerate(block.text.split('\n')):
                for complaint in self._command(text,
                                               os.path.dirname(page.name)):
                    yield '%d: %s' % (block.line + n, complaint)

    # What a literal may be

    def _text(self, text, where):
        words = text.split()
        if len(words) == 1:
            yield from self._word(words[0], where)
        else:
            yield from self._command(text, where)

    def _command(self, text, where):
        """A line of shell; what is not one of ours is none of our business."""
        try:
            words = shlex.split(text, comments=True)
        except ValueError:          # half of a quotation, which is no command
            words = text.split()
        for variable in re.findall(r'\b(CASES|SUITES)="?([^"]*)"?', text):
            yield from self._chosen(*variable)
        while words and re.match(r'[A-Z_]+=', words[0]):
            words = words[1:]
        if not words:
            return
        if words[0] == 'make':
            for word in words[1:]:
                yield from self._make(word)
            return
        program = self._program(words[0], where)
        if program:
            for option in OPTION.findall(' '.join(words[1:])):
                if not self._has_option(program, option):
                    yield '%s has no option %s' % (words[0], option)
            for kind, name in re.findall(r'--(case|suite)[ =](\S+)',
                                         ' '.join(words)):
                yield from self._chosen(kind.upper() + 'S', name)
        for word in words if program else words[:1]:
            yield from self._path(word, where)

    def _word(self, word, where):
        if word in ('make', '--'):
            return
        if OPTION.fullmatch(word.split('=')[0]):
            option = word.split('=')[0]
            if not any(self._has_option(f, option) for f in self._sources):
                yield 'no program here has the option %s' % option
        elif SYMBOL.fullmatch(word.rstrip('*()')) and not FILE.match(word):
            if word.rstrip('*()') not in self._code:
                yield 'there is no %s in the code' % word
        elif TEST.match(word):
            if word not in self._stems:
                yield 'there is no test %s' % word
        elif re.fullmatch(r'(%s)-[a-z*-]+' % '|'.join(self._devices), word):
            yield from self._chosen('CASES', word)
        else:
            yield from self._path(word, where)

    def _chosen(self, kind, names):
        known = self._suites if kind == 'SUITES' else self._cases
        for name in names.split():
            if name not in ('NAME', '...') and not fnmatch.filter(known, name):
                yield '%s: there is no %s' % (kind, name)

    def _make(self, word):
        variable = re.match(r'([A-Z_]+)=', word)
        if variable:
            if variable.group(1) not in self._makefile:
                yield 'make knows no %s' % variable.group(1)
        elif re.match(r'[a-z]', word):
            if not any(re.fullmatch(target, word) for target in self._targets):
                yield 'there is no "make %s"' % word

    def _path(self, word, where):
        """A path, or a file's name, of this project, of its build directory
        or of QEMU. A part in capitals stands for any name."""
        word = word.rstrip(':,;')
        if not PATH.match(word) or word.startswith(FOREIGN):
            return
        if '/' not in word:
            # What is called after a case is left by its run.
            if re.match(r'(%s)-' % '|'.join(self._devices), word):
                yield from self._chosen('CASES', os.path.splitext(word)[0])
            elif FILE.match(word) and not self._named(word):
                yield 'there is no file %s' % word
            return
        path = re.sub(r'(?<![\w-])[A-Z]{2,}(?![\w-])', '*', word)
        path = path.removeprefix('./').rstrip('/')
        first = path.split('/')[0]
        if first == 'build':
            if not self._built(path):
                yield 'nothing builds %s' % word
        elif not any(glob.glob(os.path.join(base, path)) for base in
                     (self.top, os.path.join(self.top, where), self._qemu,
                      os.path.join(self._qemu, 'include'))):
            if first in self._top_names or os.path.splitext(path)[1]:
                yield 'there is no %s' % word

    # What there is

    def _program(self, word, where):
        if word == DOM0_TOOL[0]:
            return DOM0_TOOL[1]
        word = word.removeprefix('./')
        for path in (word, os.path.join(where, word)):
            if os.access(os.path.join(self.top, path), os.X_OK) and \
                    os.path.isfile(os.path.join(self.top, path)):
                return path
        return None

    def _has_option(self, program, option):
        return re.search(r'(?:--|")%s(?![\w-])' % option[2:],
                         self._read(program)) is not None

    def _named(self, name):
        return any(os.path.basename(f) == name for f in self.files) or \
            name in self._qemu_names or self._made(name)

    def _made(self, name):
        """Does something of the project name it, that is, make it?"""
        return any(re.search(r'(?<![\w-])%s(?![\w-])' % re.escape(name),
                             self._read(f))
                   for f in self._sources)

    def _built(self, path):
        """Built already, or to be built."""
        rest = path.partition('/')[2]
        if not rest or glob.glob(os.path.join(self.build, rest)):
            return True
        last = [part for part in rest.split('/') if '*' not in part][-1:]
        return bool(last) and self._made(last[0])

    @functools.lru_cache(maxsize=None)
    def _read(self, path):
        with open(os.path.join(self.top, path), encoding='utf-8',
                  errors='replace') as f:
            return f.read()

    @functools.cached_property
    def _qemu(self):
        return os.path.join(self.build, 'qemu', 'src')

    @functools.cached_property
    def _qemu_names(self):
        return set(os.listdir(os.path.join(self._qemu, 'hw', 'xen'))
                   if os.path.isdir(self._qemu) else ())

    @functools.cached_property
    def _code(self):
        return set(re.findall(r'\w+', '\n'.join(
            self._read(f) for f in self._sources
            if f.startswith(('hw/', 'include/', 'patches/', 'tests/'))))) | {
                stem for stem in self._stems if stem.startswith('xen_pt')}

    @functools.cached_property
    def _makefile(self):
        return self._read('Makefile')

    @functools.cached_property
    def _targets(self):
        found = re.findall(r'^([a-z][\w %-]*):(?!=)', self._makefile, re.M)
        return [target.replace('%', '[A-Za-z]+')
                for targets in found for target in targets.split()]

    @functools.cached_property
    def _cases(self):
        out = subprocess.run(
            [sys.executable, '-B', 'tests/e2e/run', '--list'], cwd=self.top,
            stdout=subprocess.PIPE, text=True, check=True).stdout
        return {line.split()[1] for line in out.splitlines()}

    @functools.cached_property
    def _suites(self):
        with open(os.path.join(self.top, 'tests/e2e/harness/suites.py'),
                  encoding='utf-8') as file:
            return set(re.findall(r'^    "(.*)": Suite\(', file.read(), re.M))

    @functools.cached_property
    def _devices(self):
        return {name.split('-')[0] for name in self._cases}
