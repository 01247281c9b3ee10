# SPDX-License-Identifier: GPL-2.0-or-later
"""The emulated machine that Xen runs on, and the way into its dom0."""

import ctypes
import json
import select
import shutil
import signal
import socket
import subprocess
import time

from .devices import DEVICES
from .errors import HarnessError

EMULATOR = "qemu-system-x86_64"
PR_SET_PDEATHSIG = 1

# rdrand: without it nothing has entropy at first, and xl waits 3 s for some.
# One CPU. What runs here runs in turns anyway (guest, stub domain, dom0); with
# two, each turn is an interrupt between emulator threads that wait for each
# other. On a busy machine that is slow enough for pcifront to give up (2 s).
MACHINE = """
    -accel tcg -M q35 -cpu qemu64,+svm,+npt,+rdrand -smp 1 -m 2560M
    -nodefaults -no-user-config -display none -no-reboot -msg timestamp=on
    -trace pci_cfg_write -D trace.log
    -chardev file,id=console,path=console.log -serial chardev:console
    -fsdev local,id=share,path=share,security_model=none
    -device virtio-9p-pci,fsdev=share,mount_tag=share,addr=0x10
    -device virtio-serial-pci,addr=0x11
    -device virtserialport,chardev=port
    -mon chardev=qmp,mode=control
    -kernel xen
""".split()
XEN = ("console=com1 com1=115200,8n1 dom0_mem=1024M,max:1024M "
       "dom0_max_vcpus=1 loglvl=all guest_loglvl=all "
       "conring_size=1M iommu=verbose,no-sharept")
DOM0 = "console=hvc0 loglevel=5"

# The IOMMU of a machine, and the messages that Xen writes there into devices,
# see configspace.form().
PLATFORMS = {
    "vtd": (["-device", "intel-iommu,intremap=on"], "VT-d"),
    "vtd-plain": (["-device", "intel-iommu,intremap=off"], "plain"),
    "amd": (["-device", "amd-iommu,intremap=on"], "AMD"),
}

# What the console shows when a stage of the start is reached.
STAGES = (("Xen's start", "(XEN) "), ("dom0's kernel", "Linux version"),
          ("dom0's init", "E2E dom0: userspace"),
          ("the toolstack", "E2E dom0: toolstack"))


def emulator():
    """Return the path of the program that emulates the machine."""
    path = shutil.which(EMULATOR)
    if not path:
        raise HarnessError(f"{EMULATOR} is missing; "
                           "run ./configure --bootstrap")
    return path


class Timeout(HarnessError):
    """Something took longer than its limit."""


def _die_with_parent():
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


class Outer:
    """One run of the machine in directory (emptied first; its logs stay).

    base: {name: path} of "xen", "vmlinux", "dom0.cpio" and "disk.img";
    boot: the same of files that dom0 is to have in /tmp. platform: a key of
    PLATFORMS.
    """

    def __init__(self, directory, base, boot, platform):
        self.directory = directory
        self.platform = platform
        self.share = directory / "share"
        self._process = None
        self._stopped = False
        self._commands = 0
        self._answers = {}
        self._received = b""
        shutil.rmtree(directory, ignore_errors=True)
        for name in ("cmd", "log", "boot"):
            (self.share / name).mkdir(parents=True)
        # Relative names: no path of this machine can be too long for the
        # emulator, or hold a comma.
        for name, path in base.items():
            (directory / name).symlink_to(path.resolve())
        for name, path in boot.items():
            # no symbolic link: dom0 would follow it on its own side
            shutil.copy(path, self.share / "boot" / name)

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.stop()

    def start(self):
        """Start the machine; wait_ready() says when it can be used."""
        devices = [word for device in DEVICES.values()
                   for word in device.arguments]
        self._qmp, qmp = socket.socketpair()
        self._port, port = socket.socketpair()
        sockets = []
        for name, end in (("qmp", qmp), ("port", port)):
            sockets += ["-chardev", f"socket,id={name},fd={end.fileno()}"]
        with open(self.directory / "qemu.log", "wb") as log:
            self._process = subprocess.Popen(
                [emulator(), *sockets, *MACHINE,
                 *PLATFORMS[self.platform][0], "-append", XEN,
                 "-initrd", f"vmlinux {DOM0},dom0.cpio", *devices],
                cwd=self.directory, stdin=subprocess.DEVNULL, stdout=log,
                stderr=log, pass_fds=(qmp.fileno(), port.fileno()),
                start_new_session=True, preexec_fn=_die_with_parent)
        qmp.close()
        port.close()
        self._qmp_file = self._qmp.makefile("rw")
        if self._stopped:
            self.stop()

    def stop(self):
        """End the machine and leave no process behind; any thread may ask."""
        self._stopped = True
        if self._process:
            self._process.kill()
            self._process.wait()

    def wait_ready(self, limit):
        """Wait at most limit seconds for dom0 to take commands."""
        end = time.monotonic() + limit
        while "ready" not in self._answers:
            self._receive(end, lambda: f"the outer machine hung in "
                          f"{self.stage()}, {limit} s")

    def stage(self):
        """Return the name of the stage that the start is in."""
        try:
            console = (self.directory / "console.log").read_text(
                "utf-8", "replace")
        except FileNotFoundError:
            console = ""
        reached = "the boot loader"
        for name, sign in STAGES:
            if sign in console:
                reached = name
        return reached

    def begin(self, command):
        """Start a shell command in dom0; return its number for result()."""
        self._commands += 1
        number = str(self._commands)
        (self.share / "cmd" / f"{number}.sh").write_text(command + "\n")
        try:
            self._port.sendall(number.encode() + b"\n")
        except OSError as error:
            raise self._gone() from error
        return number

    def result(self, number, limit, what):
        """Return (status, output) of a command, within limit seconds; what
        names it should that time be over."""
        end = time.monotonic() + limit
        while number not in self._answers:
            self._receive(end, lambda: f"{what} hung, {limit} s")
        return self._answers.pop(number), \
            (self.share / "cmd" / f"{number}.out").read_text("utf-8", "replace")

    def run(self, command, limit, what):
        """begin() and result() in one."""
        return self.result(self.begin(command), limit, what)

    def finished(self, number):
        """Tell whether a command has ended, without waiting."""
        self._receive(0, None)
        return number in self._answers

    def qmp(self, command, **arguments):
        """Execute a QMP command of the emulator and return its result."""
        def ask(name, **arguments):
            self._qmp_file.write(json.dumps(
                {"execute": name, "arguments": arguments}) + "\n")
            self._qmp_file.flush()
            while True:
                answer = json.loads(self._qmp_file.readline())
                if "error" in answer:
                    raise HarnessError(f"{name}: {answer['error']['desc']}")
                if "return" in answer:
                    return answer["return"]
        if not hasattr(self, "_greeting"):
            self._greeting = json.loads(self._qmp_file.readline())
            ask("qmp_capabilities")
        return ask(command, **arguments)

    def _gone(self):
        return HarnessError(f"the outer machine ended in {self.stage()}: "
                            f"see console.log and qemu.log")

    def _receive(self, end, complaint):
        """Take what dom0 answers, until end (monotonic); 0: do not wait."""
        left = end - time.monotonic()
        if complaint and left <= 0:
            raise Timeout(complaint())
        ready, _, _ = select.select([self._port], [], [], max(0, min(left, 1)))
        try:
            data = self._port.recv(4096) if ready else b""
        except OSError as error:
            raise self._gone() from error
        if ready and not data:
            raise self._gone()
        *lines, self._received = (self._received + data).split(b"\n")
        for line in lines:
            number, _, status = line.decode().partition(" ")
            self._answers[number] = int(status or 0)
