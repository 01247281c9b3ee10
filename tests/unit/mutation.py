# SPDX-License-Identifier: GPL-2.0-or-later
"""Breaks a copy of some code on purpose, one way at a time, and sees whether
its tests notice.

A mutant is (what is broken, the file's name, what is taken out of it, what
comes instead). What is taken out is there once.
"""

import concurrent.futures
import os
import pathlib
import shlex
import subprocess
import sys

PROGRAM = os.path.basename(sys.argv[0])


def mutate(directory, mutant):
    """Return the name of the file in directory, and the mutant's text of it."""
    what, name, old, new = mutant
    text = (directory / name).read_text(encoding='utf-8')
    if text.count(old) != 1:
        sys.exit('%s: "%s": its text is %d times in %s, not once; mend the '
                 'list in tests/unit/%s'
                 % (PROGRAM, what, text.count(old), name, PROGRAM))
    return name, text.replace(old, new)


class Builder:
    """Builds and runs tests below directory. flags are the compiler's, and
    libraries are pkg-config's names."""

    def __init__(self, directory, flags, libraries):
        self.dir = pathlib.Path(directory)
        self.dir.mkdir(parents=True, exist_ok=True)
        self.cc = shlex.split(os.environ.get('CC', 'cc'))
        found = [shlex.split(subprocess.run(
            ['pkg-config', option, *libraries], check=True, text=True,
            stdout=subprocess.PIPE).stdout) for option in ('--cflags', '--libs')]
        # A mutant may well be one that a compiler warns of.
        self.cflags = ['-std=gnu11', '-O1', '-w'] + flags + found[0]
        self.libs = found[1]

    def compile(self, source, name, *arguments):
        """Return the path of source's object."""
        obj = self.dir / (name + '.o')
        subprocess.run(self.cc + self.cflags + [*arguments, '-c', str(source),
                                                '-o', str(obj)], check=True)
        return str(obj)

    def fails(self, test, tag, objects):
        """Does the test, linked with these, fail? A hang is a failure too."""
        program = self.dir / ('%s-%s' % (test, tag))
        subprocess.run(self.cc + objects + self.libs + ['-o', str(program)],
                       check=True)
        try:
            return subprocess.run([str(program), '--tap'], timeout=60,
                                  stdout=subprocess.DEVNULL, cwd=self.dir,
                                  stderr=subprocess.DEVNULL).returncode != 0
        except subprocess.TimeoutExpired:
            return True
        finally:
            program.unlink()


def run(builder, directory, mutants, tests, links, tries=None):
    """Try all mutants of files in directory. tests are {test: its objects},
    links are {test: the files that it is linked with}, tries are {file: the
    tests that its mutants are tried on}: without it, all that are linked with
    it. Prints TAP and returns the exit status."""
    tries = tries or {mutant[1]: [test for test in links
                                  if mutant[1] in links[test]]
                      for mutant in mutants}
    for mutant in mutants:
        mutate(directory, mutant)       # a stale list is found out at once
    whole = {name: builder.compile(directory / name, name)
             for name in sorted({name for names in links.values()
                                 for name in names})}

    def broken(test, tag, objects):
        return builder.fails(test, tag, tests[test] +
                             [objects[name] for name in links[test]])

    def noticed(number):
        name, text = mutate(directory, mutants[number])
        source = builder.dir / ('mutant-%d.c' % number)
        source.write_text(text, encoding='utf-8')
        objects = dict(whole, **{name: builder.compile(
            source, 'mutant-%d' % number)})
        return any(broken(test, number, objects) for test in tries[name])

    print('1..%d' % (len(mutants) + 1))
    bad = any(broken(test, 'whole', whole) for test in links)
    print('%s 1 - the code as it is passes' % ('not ok' if bad else 'ok'))
    with concurrent.futures.ThreadPoolExecutor(max_workers=2) as pool:
        for i, (mutant, good) in enumerate(
                zip(mutants, pool.map(noticed, range(len(mutants)))), start=2):
            bad |= not good
            print('%s %d - %s: %s%s' % ('ok' if good else 'not ok', i,
                                        mutant[1], mutant[0],
                                        '' if good else ' # no test fails'),
                  flush=True)
    return int(bad)
