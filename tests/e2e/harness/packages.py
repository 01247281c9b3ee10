# SPDX-License-Identifier: GPL-2.0-or-later
"""Debian packages unpacked side by side, and what is found in them."""

import lzma
import pathlib
import re
import subprocess

from . import elf
from .errors import HarnessError

SOURCE = pathlib.Path(__file__).resolve().parents[3]
DEBPKG = SOURCE / "scripts" / "debpkg"


def _debpkg(build, *arguments):
    try:
        run = subprocess.run([DEBPKG, "-b", build, *arguments], check=False,
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                             text=True)
    except OSError as error:
        raise HarnessError(f"cannot run {DEBPKG}: {error.strerror}") from error
    if run.returncode:
        lines = run.stderr.strip().splitlines() or ["debpkg failed"]
        raise HarnessError(lines[-1])
    return run.stdout


def _depends(build, suite, package, pattern):
    """Return those of the packages that package needs."""
    return re.findall(rf"Depends: ({pattern})\n", _debpkg(
        build, "query", suite.name, "depends", package))


def kernel(build, suite):
    """Return the packages of suite's current kernel, its image first; what
    that needs has the files, from Linux 7 on."""
    found = _depends(build, suite, "linux-image-amd64", r"linux-image-\d.*")
    if not found:
        raise HarnessError(f"{suite.name} has no linux-image-amd64")
    release = found[0].removeprefix("linux-image-")
    return found[:1] + _depends(build, suite, found[0],
                                f"linux-[a-z]+-{re.escape(release)}")


def headers(build, suite, release):
    """Return the packages that modules for that kernel are built with."""
    name = f"linux-headers-{release}"
    return [name] + _depends(build, suite, name, "linux-(?:headers|kbuild)-.*")


class Tree:
    """Packages of a Debian suite, unpacked without their dependencies as one tree."""

    def __init__(self, build, suite, name, packages):
        name = f"e2e-{suite}-{name}"
        _debpkg(build, "tree", suite, name, *packages)
        self.root = pathlib.Path(build) / "pk" / name
        # what the packages were, byte for byte: the tree's part in cache keys
        self.key = self.root.with_name(name + ".sha256").read_text()

    def path(self, *names):
        """Return where the tree has the first of the files names (absolute, as
        if installed) that it has; /usr may be merged or not."""
        for name in names:
            usr = "/usr" + name if not name.startswith("/usr") else name[4:]
            for candidate in (name, usr):
                path = self.root / candidate.lstrip("/")
                if path.exists():
                    return path
        raise HarnessError(f"no package in {self.root} has {name}")

    def library(self, soname):
        """Return where the tree has the shared library soname."""
        return self.path(f"/lib/x86_64-linux-gnu/{soname}")

    def modules(self, release, wanted):
        """Yield (path below /lib/modules/release, contents, [paths it needs])
        for the wanted kernel modules and all that they depend on, each after
        its dependencies. A module that is built in is no error."""
        top = self.path(f"/lib/modules/{release}")
        index = {_module_name(p.name): p for p in top.rglob("*.ko*")}
        builtin = {_module_name(pathlib.Path(line).name) for line in
                   (top / "modules.builtin").read_text().split()}
        done = {}

        def visit(name):
            name = name.replace("-", "_")
            if name in done or name in builtin:
                return
            if name not in index:
                raise HarnessError(f"{self.root} has no kernel module {name}")
            content = index[name].read_bytes()
            if index[name].suffix == ".xz":
                content = lzma.decompress(content)
            names = [n.replace("-", "_") for n in module_depends(content)]
            needs = []
            for n in names:
                yield from visit(n)
                if n in done:
                    needs += done[n][1] + [done[n][0]]
            path = str(index[name].relative_to(top)).removesuffix(".xz")
            done[name] = path, list(dict.fromkeys(needs))
            yield path, content, done[name][1]

        for name in wanted:
            yield from visit(name)


def _module_name(file):
    return file.split(".ko")[0].replace("-", "_")


def module_depends(content):
    """Return the names of the modules that a module (its bytes) asks for."""
    found = re.search(rb"\0depends=([^\0]*)\0", content)
    names = found[1].decode() if found else ""
    return [n for n in names.split(",") if n]


def closure(trees, programs):
    """Return {path in an image: source path} for the shared libraries, and
    the loader, that programs (source paths) need, found in trees."""
    result, todo = {}, [pathlib.Path(p) for p in programs]
    while todo:
        interpreter, sonames = elf.needed(todo.pop())
        wanted = {f"/lib/{s}": s for s in sonames
                  if not s.startswith("ld-linux")}
        if interpreter:
            wanted[interpreter] = pathlib.Path(interpreter).name
        for path, soname in wanted.items():
            if path not in result:
                result[path] = _find_library(trees, soname)
                todo.append(result[path])
    return result


def _find_library(trees, soname):
    for tree in trees:
        try:
            return tree.library(soname)
        except HarnessError:
            pass
    raise HarnessError(f"no package of {', '.join(str(t.root) for t in trees)}"
                       f" has {soname}; add it to tests/e2e/harness/suites.py")
