# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs many cases: makes the images, shares machines, keeps the logs."""

import fcntl
import hashlib
import os
import pathlib
import queue
import shutil
import signal
import sys
import threading
import time

from . import images as image
from . import outer
from .errors import HarnessError
from .runner import Run, command_line, judge
from .suites import SUITES, other

BOOT_LIMIT = 400
# A machine keeps one CPU busy; more than two at a time have not been tried.
JOBS = min(2, os.cpu_count() or 1)
SHIPPED = "xen-pt-stubdom"
TOOL = "xen-pt-msi-allow"


class Session:
    """Cases on machines below build, all of one suite; progress goes to
    stderr."""

    def __init__(self, build, suite, jobs):
        self._build = pathlib.Path(build).resolve()
        self._suite = SUITES[suite]
        self._built = built_for(self._build, suite)
        self._jobs = jobs
        self._start = time.monotonic()
        self._top = self._build / "e2e"
        self._stopping = threading.Event()
        self._machines = []
        self._repeated = set()

    def say(self, line):
        """Print a line of progress."""
        print(f"[{time.monotonic() - self._start:6.1f} s] {line}",
              file=sys.stderr, flush=True)

    def run(self, cases):
        """Run cases; yield (case, Result, complaints, directory with its
        logs) as each one ends."""
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
        built = self._built_files(cases)
        images = image.Images(self._build, self._suite, self.say)
        boot = self._boot_files(images, built)
        disk = images.disk()
        for case in cases:
            if case.sample:
                boot["staged.tar"] = images.staged(self._built)
                disk = images.boot_disk(command_line(case))
        base = images.base(disk)
        if any(case.disk for case in cases):
            boot["shown.img"] = base["shown.img"]
        self._sum = hashlib.md5(base["shown.img"].read_bytes()).hexdigest()
        todo, done = queue.SimpleQueue(), queue.SimpleQueue()
        for case in cases:
            todo.put(case)
        workers = [threading.Thread(target=self._work, daemon=True,
                                    args=(n, base, boot, todo, done))
                   for n in range(min(self._jobs, len(cases)))]
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

    def _work(self, number, base, boot, todo, done):
        """Take cases and run them on one machine, a new one after trouble."""
        machine = None
        try:
            while not self._stopping.is_set():
                try:
                    case = todo.get_nowait()
                except queue.Empty:
                    break
                if not machine:
                    machine = self._machine(number, base, boot)
                run = Run(machine, case, self.say)
                seen = run.run()
                seen.sum = self._sum
                seen.build = self._built
                if seen.unstarted and case.name not in self._repeated:
                    self._repeat(case, seen, machine, todo)
                    machine = None
                    continue
                complaints = judge(case, seen)
                where = self._keep(case, seen, complaints, machine)
                done.put((case, seen, complaints, where))
                if seen.problems:
                    machine.stop()
                    machine = None
        except BaseException as error:      # handed to the main thread
            if not self._stopping.is_set():
                done.put(error)
        finally:
            if machine:
                machine.stop()

    def _repeat(self, case, seen, machine, todo):
        """Have case run once more, on another machine. On a busy one a kernel
        with two vCPUs can be kept from its work by the ticks of its timers.
        What says so itself, before the first step, has tested nothing; any
        other hang may be QEMU's. Twice is a failure."""
        self._repeated.add(case.name)
        where = self._keep(case, seen, seen.problems, machine, "-unstarted")
        self.say(f"{case.name}: {seen.problems[0]}: once more; logs: {where}")
        machine.stop()
        todo.put(case)

    def _machine(self, number, base, boot):
        machine = outer.Outer(self._top / f"machine-{number}",
                              base, boot)
        self._machines.append(machine)
        if self._stopping.is_set():
            machine.stop()
        self.say(f"machine {number}: Xen and dom0")
        machine.start()
        try:
            machine.wait_ready(BOOT_LIMIT)
        except HarnessError as error:
            raise HarnessError(f"{error} in {machine.directory}") from error
        return machine

    def _built_files(self, cases):
        """Return {name in dom0: path} of what make has built for cases."""
        images = self._built / "stubdom"
        files = {TOOL: self._built / "meson" / "dom0" / TOOL,
                 "stub-kernel-shipped": images / f"{SHIPPED}-vmlinuz"}
        for where, qemu in {(c.where, c.qemu) for c in cases}:
            if where == "dom0":
                stock = ".stock" if qemu == "stock" else ""
                files[f"qemu-{qemu}"] = (self._built / "qemu" / "bin" /
                                         f"qemu-system-i386{stock}")
            elif qemu == "foreign":
                elsewhere = built_for(self._build, other(self._suite.name))
                for name, end in ("stub-foreign.cpio", ".cpio"), \
                        ("stub-kernel-foreign", "-vmlinuz"):
                    files[name] = elsewhere / "stubdom" / f"{SHIPPED}{end}"
            else:
                files[f"stub-{qemu}.cpio"] = (
                    images / ("stock" if qemu == "stock" else "") /
                    f"{SHIPPED}.cpio")
        for path in files.values():
            if not path.exists():
                raise HarnessError(f"{path} is missing; run make image and "
                                   f"make image-{self._suite.name} first")
        return files

    @staticmethod
    def _boot_files(images, built):
        """Return {name: path} of all that dom0 is to have."""
        files = {"guest-vmlinuz": images.guest_kernel(),
                 "guest.cpio": images.guest()}
        for name, path in built.items():
            files[name] = path if not name.endswith(".cpio") else \
                images.stub(name, path)
        files["stub-kernel-unpacked"] = images.unpacked(
            "stub-vmlinux", files["stub-kernel-shipped"])
        return files

    def _keep(self, case, seen, complaints, machine, suffix=""):
        """Write what a reader of a failure wants into runs/SUITE/NAME."""
        where = self._top / "runs" / self._suite.name / (case.name + suffix)
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
        for name, text in texts.items():
            (where / name).write_text(text)
        for path in (machine.share / "log").glob(f"*{case.name}*"):
            shutil.copy(path, where)
        for name in ("console.log", "qemu.log"):
            shutil.copy(machine.directory / name, where)
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
