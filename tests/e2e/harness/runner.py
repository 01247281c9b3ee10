# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs one case on a machine that is up, stage by stage."""

import re
import time

from . import configspace, result as results, sample
from .errors import HarnessError
from .images import GUEST_KERNEL, GUEST_RAMDISK
from .outer import DEVICES, Timeout, address

# Seconds, to end what hangs, not to measure: a case that takes one minute on
# an idle machine takes four on a busy one.
CREATE_LIMIT = 400
KERNEL_LIMIT = 300
STEPS_LIMIT = 600
COMMAND_LIMIT = 200
SETTLE_LIMIT = 30
POLL = 0.05

CONFIG = """
name="{domain}"
type="hvm"
memory=192
vcpus={vcpus}
kernel="{kernel}"
ramdisk="{ramdisk}"
cmdline="{cmdline}"
device_model_version="qemu-xen"
serial="file:/var/log/xen/serial-{domain}.log"
nographic=1
vga="none"
vnc=0
usb=0
on_poweroff="destroy"
on_reboot="destroy"
on_crash="preserve"
xen_platform_pci=0
passthrough="enabled"
pci=[{pci}]
"""
# Served by a QEMU in dom0; a file served by the kernel would want scripts.
DISK = """
disk=["/tmp/shown.img,raw,xvda,rw,backendtype=qdisk"]
"""
STUBDOM = """
device_model_stubdomain_override=1
stubdomain_kernel="/tmp/stub-kernel-{kernel}"
stubdomain_ramdisk="/tmp/stub-{qemu}.cpio"
stubdomain_cmdline="console=hvc0 quiet {cmdline}"
stubdomain_memory={memory}
"""
DOM0 = """
device_model_override="/usr/local/bin/qemu-{qemu}"
"""
# noearly: without it an AMD guest scans all of PCI through QEMU, a minute
# under emulation. noaux: so does the search for a mouse, for a second. thresh:
# two vCPUs take turns on the one CPU there is, and each is slow; what hangs is
# found by the limits.
CMDLINE = "console={console} quiet pci=noearly i8042.noaux " \
    "watchdog_thresh=60 dev={dev} steps={steps}"


def command_line(case):
    """Return the command line of a case's guest."""
    words = CMDLINE.format(console=console(case), dev=DEVICES[case.device][1],
                           steps=case.steps.replace(" ", ","))
    return f"{words} {case.cmdline}".strip()


def console(case):
    """Return the console that a case's guest talks on."""
    return "ttyS0" if "xen_nopv" in case.cmdline else "hvc0"


class Run:
    """One run of case on the machine outer. say is called with progress."""

    def __init__(self, outer, case, say):
        self._outer = outer
        self._case = case
        self._say = say
        self._logs = outer.share / "log"
        self.result = results.Result(bdf=address(case.device))

    def run(self):
        """Go through all stages and return the Result; a stage that fails is
        a problem in it, not an exception."""
        seen = self.result
        if self._stage("prepare", self._prepare):
            mark = self._trace_size()
            if self._stage("xl create", self._create) and \
                    self._case.starts and self._stage("guest", self._guest):
                self._stage("lspci", self._lspci)
            self._collect()
            self._stage("teardown", self._teardown)
            seen.trace = self._trace(mark)
        return seen

    def _stage(self, name, function):
        """Call function; return False, with the problem noted, if it fails."""
        self._say(f"{self._case.name}: {name}")
        start = time.monotonic()
        try:
            function()
        except HarnessError as error:
            if str(error) not in self.result.problems:
                self.result.problems.append(str(error))
            return False
        finally:
            self.result.times.append((name, time.monotonic() - start))
        return True

    def _dom0(self, command, what):
        status, output = self._outer.run(command, COMMAND_LIMIT, what)
        if status:
            raise HarnessError(f"{what} failed in dom0: "
                               f"{' | '.join(output.strip().splitlines()[-3:])}")
        return output

    def _prepare(self):
        seen, case = self.result, self._case
        self._dom0(f"e2e prepare {seen.bdf} {case.permission}",
                   "pciback's permission")
        seen.config = self._config()
        seen.before = self._dom0("e2e state", "Xen's state before the guest")

    def _config(self):
        output = self._dom0(f"e2e config {self.result.bdf}", "config space")
        config = bytes.fromhex(output)
        if len(config) < 256:
            raise HarnessError("dom0 cannot read the device's config space")
        return config

    def _configuration(self):
        """Return what xl create is given: a file written for the case."""
        case, name = self._case, self._case.name
        text = CONFIG.format(
            domain=name, vcpus=case.vcpus, kernel=GUEST_KERNEL,
            ramdisk=GUEST_RAMDISK, cmdline=command_line(case),
            pci=f'"{self.result.bdf}"' if case.attached else "")
        text += (STUBDOM if case.where == "stubdom" else DOM0).format(
            qemu=case.qemu, kernel=case.kernel, cmdline=case.stub_cmdline,
            memory=case.stub_memory)
        if case.disk:
            text += DISK
        if case.dm_args:
            words = ", ".join(f'"{word}"' for word in case.dm_args)
            text += f"device_model_args_hvm=[{words}]\n"
        (self._logs / f"{name}.cfg").write_text(text)
        return f"/mnt/log/{name}.cfg"

    def _sample(self):
        """Return what a user would give xl create, who has installed what
        "make install" wrote."""
        self._dom0("tar -xf /tmp/staged.tar -C /", "the installation")
        return sample.CONFIG

    def _create(self):
        case, name = self._case, self._case.name
        arguments = self._sample() if case.sample else self._configuration()
        number = self._outer.begin(
            f"xl -vt create {arguments} >/mnt/log/create-{name}.log 2>&1")
        try:
            status, _ = self._outer.result(number, CREATE_LIMIT, "xl create")
        except Timeout as error:
            raise Timeout(f"{error}, in {self._stub_stage()}") from error
        if not status and not case.starts:
            raise HarnessError("xl create succeeded, wanted it to fail")
        if status and case.starts:
            raise HarnessError(
                f"xl create failed in {self._stub_stage()}: " +
                " | ".join(self._create_errors()))

    def _create_errors(self):
        """Return what xl create complains of first; the rest is its way out."""
        lines = self._log(f"create-{self._case.name}.log").splitlines()
        return [line for line in lines if "error:" in line][:2] or lines[-2:]

    def _stub_stage(self):
        if self._case.where == "dom0":
            return "the toolstack"
        console = self._log(f"qemu-dm-{self._case.name}.log")
        if not console:
            return "the stub domain's kernel"
        return f"the stub domain ('{console.strip().splitlines()[-1]}')"

    def _guest(self):
        case = self._case
        end = time.monotonic() + KERNEL_LIMIT
        stepping = False
        pending = list(case.on)
        while True:
            said = [f"{word} {rest}".strip() for _, word, rest in
                    results.parse_guest(self._guest_log())]
            for event in list(pending):
                pattern, command = event
                if any(re.match(pattern, line) for line in said):
                    pending.remove(event)
                    self._dom0(command.format(domain=case.name,
                                              bdf=self.result.bdf), command)
            if case.until in said:
                break
            steps = [line[5:] for line in said if line.startswith("step ")]
            if steps and not stepping:
                stepping = True
                end = time.monotonic() + STEPS_LIMIT
            if time.monotonic() > end:
                self.result.unstarted = not steps and \
                    "soft lockup" in self._guest_log()
                raise Timeout(
                    f"the guest hung in step {steps[-1]}: its steps took "
                    f"{STEPS_LIMIT} s" if steps else
                    f"the guest hung in its kernel, {KERNEL_LIMIT} s")
            self._outer.finished("")    # notices a machine that died
            time.sleep(POLL)

    def _lspci(self):
        self.result.lspci = self._dom0(f"lspci -vvs {self.result.bdf}",
                                       "lspci")

    def _teardown(self):
        seen = self.result
        self._dom0(f"e2e end {self._case.name}", "teardown")
        # A domain is off xl's list before Xen has taken it apart.
        end = time.monotonic() + SETTLE_LIMIT
        while True:
            seen.after = self._dom0("e2e state", "Xen's state after the guest")
            if results.xen_state(seen.after) == results.xen_state(seen.before) \
                    or time.monotonic() > end:
                break
            time.sleep(POLL)
        seen.config_after = self._config()

    def _collect(self):
        seen, name = self.result, self._case.name
        seen.guest_raw = self._guest_log()
        seen.guest = results.parse_guest(seen.guest_raw)
        seen.stub = self._log(f"qemu-dm-{name}.log")

    def _guest_log(self):
        kind = "serial" if console(self._case) == "ttyS0" else "guest"
        return self._log(f"{kind}-{self._case.name}.log")

    def _log(self, name):
        try:
            return (self._logs / name).read_text("utf-8", "replace")
        except FileNotFoundError:
            return ""

    def _trace_size(self):
        return (self._outer.directory / "trace.log").stat().st_size

    def _trace(self, mark):
        with open(self._outer.directory / "trace.log", encoding="ascii") as f:
            f.seek(mark)
            return f.read()


def judge(case, seen):
    """Return lines that say what is not as the case wants it."""
    complaints = list(seen.problems)
    if complaints:
        return complaints
    for check in case.expect:
        complaints += check(seen)
    complaints += [f"saw '{rest}' in the guest" for rest in seen.said("failed")]
    for sign in ("BUG:", "Oops", "nobody cared", "Kernel panic"):
        if sign in seen.guest_raw:
            complaints.append(f"saw '{sign}' in the guest's log")
    before, after = map(results.xen_state, (seen.before, seen.after))
    for item in sorted(after - before):
        complaints.append(f"saw '{item}' left in Xen with the guest gone")
    for item in sorted(before - after):
        complaints.append(f"saw '{item}' of Xen gone with the guest")
    complaints += _control_complaints(seen)
    return complaints


def _control_complaints(seen):
    """What holds for every case: writes that change more than they may, and
    a device that is left with its messages on."""
    caps = configspace.find_capabilities(seen.config)
    for capability, bit in configspace.ENABLE.items():
        for word in seen.transitions(capability):
            if "?" in word:
                yield (f"saw a write to the {configspace.CAP_NAMES[capability]}"
                       f" control word change {word}, wanted ENABLE alone")
        at = caps.get(capability)
        if at is not None:
            left = int.from_bytes(seen.config_after[at + 2:at + 4], "little")
            if left & bit:
                yield (f"saw {configspace.CAP_NAMES[capability]} left on "
                       f"({left:#06x}) with the guest gone")
