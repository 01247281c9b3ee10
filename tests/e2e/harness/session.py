# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs many cases: makes the images, shares machines and guests, keeps the
logs."""

import fcntl
import hashlib
import os
import pathlib
import queue
import re
import shutil
import signal
import sys
import threading
import time

from . import images as image
from . import outer
from . import result as results
from .errors import HarnessError
from .runner import Run, command_line, judge
from .suites import SUITES, other

BOOT_LIMIT = 400
# A machine keeps one CPU busy; more than two at a time have not been tried.
JOBS = min(2, os.cpu_count() or 1)
SHIPPED = "xen-pt-stubdom"
TOOL = "xen-pt-msi-allow"
# What xl, its QEMUs and the consoles write about a guest.
LOG = r"((create|guest|qemu-dm|report|serial|xl)-)?{}(-dm)?\.\w+(\.\d+)?"


class Todo:
    """The guests that are still to be run, by platform: a machine has one."""

    def __init__(self, guests):
        self._guests = list(guests)
        self._lock = threading.Lock()
        self._taken = []            # the platforms that machines are at

    def take(self, platform=None):
        """Return a guest for a machine with that platform, if there is one;
        else one for a platform that no machine is at, else any; None: no
        more."""
        with self._lock:
            if platform in self._taken:
                self._taken.remove(platform)
            if not self._guests:
                return None
            guest = min(self._guests, key=lambda guest: (
                guest.platform != platform, guest.platform in self._taken))
            self._guests.remove(guest)
            self._taken.append(guest.platform)
            return guest

    def put(self, guest):
        """Have guest run once more, before others."""
        with self._lock:
            self._guests.insert(0, guest)


class Session:
    """Cases on machines below build, all of one suite; progress goes to
    stderr."""

    def __init__(self, build, suite, jobs):
        self._build = pathlib.Path(build).resolve()
        self._suite = SUITES[suite]
        self._image = self._suite.like or suite
        self._built = built_for(self._build, self._image)
        self._jobs = jobs
        self._start = time.monotonic()
        self._top = self._build / "e2e"
        self._stopping = threading.Event()
        self._machines = []
        self._repeated = set()
        self.times = []     # of (guest or machine, stage, seconds)

    def say(self, line):
        """Print a line of progress."""
        print(f"[{time.monotonic() - self._start:6.1f} s] {line}",
              file=sys.stderr, flush=True)

    def run(self, cases):
        """Run cases, each guest of theirs once; yield (case, Seen, complaints,
        directory with its logs) as each one ends."""
        self._top.mkdir(parents=True, exist_ok=True)
        with open(self._top / "lock", "w", encoding="ascii") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise HarnessError(f"another run uses {self._top}; wait for "
                                   "it or take another -b") from error
            yield from self._run(cases)

    def _run(self, cases):
        outer.emulator()
        guests = list(dict.fromkeys(case.guest for case in cases))
        built = self._built_files(guests)
        images = image.Images(self._build, self._suite, self.say)
        boot = self._boot_files(images, built)
        disk = images.disk()
        for guest in guests:
            if guest.sample or guest.check:
                boot["staged.tar"] = images.staged(self._built)
            if guest.check:
                boot["modules.tar"] = images.module_tree()
        # Of those that start from it, the sample has no other command line.
        starts = [guest for guest in guests if guest.sample or guest.anew]
        if starts:
            disk = images.boot_disk(command_line(
                max(starts, key=lambda guest: guest.sample)))
        base = images.base(disk)
        if any(guest.disk for guest in guests):
            boot["shown.img"] = base["shown.img"]
        self._sum = hashlib.md5(base["shown.img"].read_bytes()).hexdigest()
        todo, done = Todo(guests), queue.SimpleQueue()
        workers = [threading.Thread(target=self._work, daemon=True,
                                    args=(n, base, boot, cases, todo, done))
                   for n in range(min(self._jobs, len(guests)))]
        for worker in workers:
            worker.start()
        try:
            for _ in cases:
                item = done.get()
                if isinstance(item, BaseException):
                    raise item
                yield item
        finally:
            self._stopping.set()
            for machine in self._machines:
                machine.stop()
            for worker in workers:
                worker.join()

    def _work(self, number, base, boot, cases, todo, done):
        """Take guests and run them, on one machine as long as the platform is
        the same; on a new one after trouble, which may have left some."""
        machine = platform = None
        try:
            while not self._stopping.is_set():
                guest = todo.take(platform)
                if not guest:
                    break
                if machine and guest.platform != platform:
                    machine.stop()
                    machine = None
                platform = guest.platform
                if not machine:
                    machine = self._machine(number, base, boot, platform)
                run = Run(machine, guest, self.say)
                seen = run.run()
                seen.sum = self._sum
                seen.build = self._built
                self.times += [(guest.name, *time) for time in seen.times]
                if seen.unstarted and guest.name not in self._repeated:
                    self._repeat(guest, seen, machine, todo)
                    machine = None
                    continue
                if self._judged(guest, cases, seen, machine, done):
                    machine.stop()
                    machine = None
        except BaseException as error:      # handed to the main thread
            if not self._stopping.is_set():
                done.put(error)
        finally:
            if machine:
                machine.stop()

    def _judged(self, guest, cases, seen, machine, done):
        """Hand on what is to be said of guest's cases; return whether there
        are complaints."""
        trouble = False
        for case in cases:
            if case.guest == guest:
                complaints = judge(case, seen)
                trouble |= bool(complaints)
                where = self._keep(case.name, results.Seen(seen, case.device),
                                   complaints, guest, machine)
                done.put((case, results.Seen(seen, case.device), complaints,
                          where))
        return trouble

    def _repeat(self, guest, seen, machine, todo):
        """Have guest run once more, on another machine. On a busy one a kernel
        with two vCPUs can be kept from its work by the ticks of its timers.
        What says so itself, before the first step, has tested nothing; any
        other hang may be QEMU's. Twice is a failure."""
        self._repeated.add(guest.name)
        where = self._keep(f"{guest.name}-unstarted",
                           results.Seen(seen, guest.devices[0]),
                           seen.problems, guest, machine)
        self.say(f"{guest.name}: {seen.problems[0]}: once more; logs: {where}")
        machine.stop()
        todo.put(guest)

    def _machine(self, number, base, boot, platform):
        machine = outer.Outer(self._top / f"machine-{number}",
                              base, boot, platform)
        self._machines.append(machine)
        if self._stopping.is_set():
            machine.stop()
        self.say(f"machine {number}: Xen and dom0, {platform}")
        start = time.monotonic()
        machine.start()
        try:
            machine.wait_ready(BOOT_LIMIT)
        except HarnessError as error:
            raise HarnessError(f"{error} in {machine.directory}") from error
        self.times.append((f"machine {number}", "Xen and dom0",
                           time.monotonic() - start))
        return machine

    def _built_files(self, guests):
        """Return {name in dom0: path} of what make has built for guests."""
        images = self._built / "stubdom"
        files = {TOOL: self._built / "meson" / "dom0" / TOOL,
                 "stub-kernel-shipped": images / f"{SHIPPED}-vmlinuz"}
        if any(guest.boots == "debian" for guest in guests):
            files["stub-kernel-debian"] = (images / "debian" /
                                           f"{SHIPPED}-vmlinuz")
        for where, qemu, made, ramdisk in {
                (g.where, g.qemu, g.image, g.ramdisk) for g in guests}:
            if where == "dom0":
                stock = ".stock" if qemu == "stock" else ""
                files[f"qemu-{qemu}"] = (self._built / "qemu" / "bin" /
                                         f"qemu-system-i386{stock}")
            elif qemu == "foreign":
                elsewhere = built_for(self._build, other(self._suite.name))
                for name, end in (ramdisk, ".cpio"), \
                        ("stub-kernel-foreign", "-vmlinuz"):
                    files[name] = elsewhere / "stubdom" / f"{SHIPPED}{end}"
            else:
                files[ramdisk] = (
                    images / ("" if made == "patched" else made) /
                    f"{SHIPPED}.cpio")
        if any(guest.evil for guest in guests):
            files[image.EVIL] = self._built / "meson/tests/e2e/evil/evil-qemu"
        for path in files.values():
            if not path.exists():
                raise HarnessError(f"{path} is missing; run make image and "
                                   f"make image-{self._image} first")
        return files

    @staticmethod
    def _boot_files(images, built):
        """Return {name: path} of all that dom0 is to have."""
        files = {"guest-vmlinuz": images.quick_kernel(),
                 "guest.cpio": images.guest()}
        for name, path in built.items():
            if name == image.EVIL:
                files[name] = images.evil(built["stub-patched.cpio"], path)
            else:
                files[name] = path if not name.endswith(".cpio") else \
                    images.stub(name, path, packed="-packed" in name)
        for name, kernel, unpacked in (
                ("stub-vmlinux", "stub-kernel-shipped", "unpacked"),
                ("stub-vmlinux-debian", "stub-kernel-debian", "debian")):
            if kernel in files:
                files[f"stub-kernel-{unpacked}"] = images.unpacked(
                    name, files[kernel])
        return files

    def _keep(self, name, seen, complaints, guest, machine):
        """Write what a reader of a failure wants into runs/SUITE/NAME."""
        where = self._top / "runs" / self._suite.name / name
        shutil.rmtree(where, ignore_errors=True)
        where.mkdir(parents=True)
        texts = {
            "guest.log": seen.guest_raw,
            "stub-domain.log": seen.stub,
            "device-writes.txt": "".join(f"{w}\n" for w in seen.writes()),
            "state-before.txt": seen.before,
            "state-after.txt": seen.after,
            "lspci-dom0.txt": seen.lspci,
            "verdict.txt": "".join(f"{c}\n" for c in complaints) or "ok\n",
        }
        for file, text in texts.items():
            (where / file).write_text(text)
        for path in (machine.share / "log").iterdir():
            if re.fullmatch(LOG.format(guest.name), path.name):
                shutil.copy(path, where)
        for file in ("console.log", "qemu.log"):
            shutil.copy(machine.directory / file, where)
        return where


def built_for(build, suite):
    """Return the directory where make puts what it builds for suite: build
    itself for this machine's, a directory in it for another."""
    try:
        config = (build / "config.mak").read_text("utf-8")
    except FileNotFoundError as error:
        raise HarnessError(f"{build} holds no build; run make first") \
            from error
    return build if f"SUITE={suite}\n" in config else build / suite


def main(function):
    """Call function as a program: its result is the exit status, trouble is
    one line, and ^C or an end from outside leaves no machine behind."""
    def ended(number, _):
        raise KeyboardInterrupt(signal.Signals(number).name)
    signal.signal(signal.SIGTERM, ended)
    name = os.path.basename(sys.argv[0])
    try:
        status = function()
    except HarnessError as error:
        print(f"{name}: {error}", file=sys.stderr)
        status = 2
    except OSError as error:
        print(f"{name}: {error.filename or 'error'}: {error.strerror}",
              file=sys.stderr)
        status = 2
    except KeyboardInterrupt:
        print(f"{name}: interrupted", file=sys.stderr)
        status = 130
    sys.exit(status)
