# SPDX-License-Identifier: GPL-2.0-or-later
"""A user's mistakes at the command line, and what is to be said of each: the
exit status, and one line on standard error that has these words. Nothing else
is printed, but for what make says of itself."""

import dataclasses
import os
import subprocess

TIME_LIMIT = 60         # seconds, for one command


@dataclasses.dataclass(frozen=True)
class Mistake:
    command: str
    says: str
    status: int = 1


MISTAKES = (
    Mistake('tests/fakexen/run-qtest nosuch', 'no test is found by "nosuch"'),
    Mistake("tests/fakexen/run-qtest '['", '"[" is no regular expression'),
    Mistake('tests/fakexen/run-diff nosuch', 'no row is found by "nosuch"'),
    Mistake("tests/fakexen/run-diff '['", '"[" is no regular expression'),
    Mistake('tests/replay /nonexistent', '/nonexistent: No such file', 2),
    Mistake('tests/replay -s 3:0 DUMP', "is not a device's address"),
    Mistake('tests/e2e/run -b nowhere', 'nowhere holds no build', 2),
    Mistake('tests/e2e/mutants -b nowhere', 'nowhere holds no build', 2),
    Mistake('tests/e2e/mutants 99', 'there is no mutant 99', 2),
    Mistake('tests/e2e/run --case nosuch', 'no case is called nosuch', 2),
    Mistake('tests/e2e/run ahci-allowed', 'did you mean --case ahci-allowed?',
            2),
    Mistake('make image-fedora', 'there is no release "fedora"', 2),
    Mistake('scripts/in-suite fedora true', 'there is no release "fedora"'),
    Mistake('./configure --qemu-version=', '--qemu-version wants a value'),
    Mistake('./configure --qemu-source=', '--qemu-source wants a value'),
    Mistake('./configure --qemu-version=9.9', '9.9 is not supported'),
    Mistake('./configure --qemu-source=docs', 'docs is not a QEMU source tree'),
    Mistake('./configure --nosuch', "unknown option '--nosuch'"),
    Mistake('scripts/versions --source nowhere none',
            'nowhere: there is no such directory', 2),
    Mistake('scripts/versions --source docs none',
            "docs is not a directory with QEMU's source", 2),
    Mistake('scripts/update --nosuch', "unknown argument '--nosuch'"),
    Mistake('scripts/update', '-b BUILDDIR is missing'),
    Mistake('make update B=nowhere', 'nowhere; run make', 2),
    Mistake('stubdom/mkimage --nosuch', "unknown argument '--nosuch'"),
    Mistake('stubdom/mkimage -b build --qemu=', '--qemu=FILE is missing'),
    Mistake('stubdom/kernel --nosuch', "unknown argument '--nosuch'"),
    Mistake('stubdom/kernel', '-b BUILDDIR is missing'),
    Mistake('stubdom/kernel -b build --config=/none', 'there is no /none'),
    Mistake('stubdom/install build "" relative', 'PREFIX has to be'),
    Mistake('dom0/install build "" relative', 'PREFIX has to be'),
    Mistake('tests/docs/check docs/nosuch.rst', 'no page docs/nosuch.rst'),
)


def users_environment():
    """What a make that runs this has set would make its own make say more."""
    return {name: value for name, value in os.environ.items()
            if name not in ('MAKEFLAGS', 'MAKELEVEL', 'MFLAGS')}


def complaints(top, mistake):
    """Yield a line for each thing that is not as the mistake wants it."""
    try:
        done = subprocess.run(
            ['sh', '-c', mistake.command], cwd=top, check=False, text=True,
            env=users_environment(),
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, timeout=TIME_LIMIT)
    except subprocess.TimeoutExpired:
        yield 'no end after %d s' % TIME_LIMIT
        return
    if done.returncode != mistake.status:
        yield 'exit status %d, %d is due' % (done.returncode, mistake.status)
    lines = [line for line in done.stderr.splitlines()
             if not line.startswith('make')]
    if len(lines) != 1 or mistake.says not in lines[0]:
        yield '"%s" is not the one line that is said:' % mistake.says
        yield from lines[-5:]
    for line in done.stdout.splitlines()[:3]:
        yield 'it prints "%s"' % line
