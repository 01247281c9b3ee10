# SPDX-License-Identifier: GPL-2.0-or-later
"""Boots one guest on a machine that is up, stage by stage, and judges it."""

import re
import time

from . import configspace, evil, result as results, sample
from .devices import DEVICES, EMULATED_DISK
from .errors import HarnessError
from .images import EVIL, GUEST_KERNEL, GUEST_RAMDISK
from .outer import PLATFORMS, Timeout

# Seconds, to end what hangs, not to measure: a guest that takes one minute on
# an idle machine takes four on a busy one.
CREATE_LIMIT = 400
KERNEL_LIMIT = 300
STEP_LIMIT = 600
COMMAND_LIMIT = 200
SETTLE_LIMIT = 30
EVIL_LIMIT = 1500
CHECK_LIMIT = 1500
POLL = 0.05
CRASH = "domain_crash called"
# How Xen prints a line of a guest's on its debug console.
SAID = re.compile(r"\(d\d+\) (?:\[[^]]*\] )?(GUEST .*\n)")
# What a guest's kernel says when something is wrong; it may be told to crash.
TROUBLE = re.compile(r"BUG:|Oops|nobody cared|"
                     r"Kernel panic(?! - not syncing: sysrq triggered crash)")
# What the gate in the stub domain says of what a QEMU does that it should not
REFUSED = re.compile(r"(?m)^stubdom: \S+ s\) (QEMU may not .*: refused)$")

CONFIG = """
name="{domain}"
type="hvm"
memory={ram}
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
on_crash="{crash}"
xen_platform_pci=0
timer_mode="one_missed_tick_pending"
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
stubdomain_ramdisk="/tmp/{stub}"
stubdomain_cmdline="console=hvc0 quiet cryptomgr.notests {cmdline}"
stubdomain_memory={memory}
"""
DOM0 = """
device_model_override="/usr/local/bin/qemu-{qemu}"
"""
# noearly: without it an AMD guest scans all of PCI through QEMU, a minute
# under emulation. noaux: so does the search for a mouse, for a second. thresh:
# two vCPUs take turns on the one CPU there is, and each is slow; what hangs is
# found by the limits.
# notests: the kernel's cryptography tests itself for seconds. nr_uarts: nor are
# serial lines looked for where there are none. tsc: nor is the one clock that
# costs nothing given up, or waited for by two vCPUs, because others are slow.
# timer_mode, above: ticks that came too late are not made up for, each of them.
CMDLINE = "console={console} quiet pci=noearly i8042.noaux " \
    "cryptomgr.notests 8250.nr_uarts=1 tsc=reliable watchdog_thresh=60 " \
    "dev={dev} steps={steps}"


def command_line(guest):
    """Return the command line of a guest."""
    devices = [(name, DEVICES[name].ids) for name in guest.devices]
    devices += [("ide", EMULATED_DISK.ids)] if guest.disk else []
    words = CMDLINE.format(console=console(guest),
                           dev=",".join(map("=".join, devices)),
                           steps=guest.steps.replace(" ", ","))
    return f"{words} {guest.cmdline}".strip()


def console(guest):
    """Return the console that a guest talks on."""
    return "ttyS0" if "xen_nopv" in guest.cmdline else "hvc0"


def dm_args(guest):
    """Return the words that libxl is to give to the guest's QEMU besides."""
    words = list(guest.dm_args)
    if guest.qemu == "patched":
        for event in guest.trace:
            words += ["-trace", f"xen_pt_msi_{event}"]
    return words


class Run:
    """One run of guest on the machine outer. say is called with progress."""

    def __init__(self, outer, guest, say):
        self._outer = outer
        self._guest = guest
        self._say = say
        self._logs = outer.share / "log"
        self._console = (outer.directory / "console.log").stat().st_size
        self.result = results.Result(devices={
            name: results.Device(DEVICES[name].address) for name in guest.devices})

    def run(self):
        """Go through all stages and return the Result; a stage that fails is
        a problem in it, not an exception."""
        seen = self.result
        if self._stage("prepare", self._prepare) and \
                (not self._guest.evil or self._stage("evil QEMU", self._evil)):
            mark = self._trace_size()
            if self._guest.check:
                self._stage("check", self._check)
            elif self._stage("xl create", self._create) and \
                    self._guest.starts and self._steps():
                self._stage("lspci", self._lspci)
            self._collect()
            self._stage("teardown", self._teardown)
            seen.trace = self._trace(mark)
        return seen

    def _stage(self, name, function):
        """Call function; return False, with the problem noted, if it fails."""
        self._say(f"{self._guest.name}: {name}")
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

    def _dom0(self, command, what, limit=COMMAND_LIMIT):
        status, output = self._outer.run(command, limit, what)
        if status:
            raise HarnessError(f"{what} failed in dom0: "
                               f"{' | '.join(output.strip().splitlines()[-3:])}")
        return output

    def _prepare(self):
        self._permit()
        for device, config in self._configs():
            device.config = config
        self.result.before = self._dom0("e2e state",
                                        "Xen's state before the guest")

    def _permit(self):
        guest = self._guest
        self._dom0(" && ".join(
            f"e2e prepare {device.bdf} " +
            ("refused" if name in guest.permissive else guest.permission)
            for name, device in self.result.devices.items()),
                   "pciback's permission")

    def _evil(self):
        """Start a guest with evil/ in QEMU's place, and see both domains end
        when that does."""
        name = self._guest.name
        # Paused: without a disk its firmware would reboot, and end it.
        self._start(f"-p {self._configuration(EVIL)}")
        self._dom0(f"e2e go {name}", "the start of the evil QEMU")
        end = time.monotonic() + EVIL_LIMIT
        while not evil.ended(self._log(f"qemu-dm-{name}.log")):
            if time.monotonic() > end:
                raise Timeout(f"the evil QEMU hung, {EVIL_LIMIT} s")
            self._pause()
        self._dom0(f"e2e away {name}", "the end of the guest", CREATE_LIMIT)
        self._permit()

    def _configs(self):
        """Return (device, its config space) of all."""
        devices = list(self.result.devices.values())
        output = self._dom0("; ".join(f"e2e config {device.bdf}; echo"
                                      for device in devices), "config space")
        configs = [bytes.fromhex(part) for part in output.split("\n\n") if part]
        if len(configs) != len(devices) or min(map(len, configs)) < 256:
            raise HarnessError("dom0 cannot read the devices' config space")
        return list(zip(devices, configs))

    def _configuration(self, ramdisk):
        """Return what xl create is given: a file written for the guest."""
        guest, name = self._guest, self._guest.name
        devices = self.result.devices if guest.attached else {}
        words = [device.bdf + ",permissive=1" * (key in guest.permissive) +
                 ",power_mgmt=1" * (key in guest.power)
                 for key, device in devices.items()]
        text = CONFIG.format(
            domain=name, ram=guest.memory, vcpus=guest.vcpus, kernel=GUEST_KERNEL,
            ramdisk=GUEST_RAMDISK, cmdline=command_line(guest),
            crash=guest.on_crash,
            pci=", ".join(f'"{word}"' for word in words))
        text += (STUBDOM if guest.where == "stubdom" else DOM0).format(
            qemu=guest.qemu, stub=ramdisk, kernel=guest.boots,
            cmdline=guest.stub_cmdline, memory=guest.stub_memory)
        if guest.disk:
            text += DISK
        words = ", ".join(f'"{word}"' for word in dm_args(guest))
        text += f"device_model_args_hvm=[{words}]\n"
        (self._logs / f"{name}.cfg").write_text(text)
        return f"/mnt/log/{name}.cfg"

    def _sample(self):
        """Return what a user would give xl create, who has installed what
        "make install" wrote."""
        self._dom0("tar -xf /tmp/staged.tar -C /", "the installation")
        return sample.CONFIG

    def _check(self):
        """Have xen-pt-msi-check start the guest, as often as it does."""
        devices = " ".join(d.bdf for d in self.result.devices.values())
        self.result.verdicts = self._dom0(
            f"e2e check {self._guest.name} {self._guest.check} {devices}",
            "xen-pt-msi-check", CHECK_LIMIT)

    def _create(self):
        self._start(self._sample() if self._guest.sample else
                    self._configuration(self._guest.ramdisk))

    def _start(self, arguments):
        guest, name = self._guest, self._guest.name
        clock = "" if guest.starts else "E2E_CLOCK=real "
        number = self._outer.begin(
            f"{clock}xl -vt create {arguments} "
            f">/mnt/log/create-{name}.log 2>&1")
        try:
            status, _ = self._outer.result(number, CREATE_LIMIT, "xl create")
        except Timeout as error:
            raise Timeout(f"{error}, in {self._stub_stage()}") from error
        if not status and not guest.starts:
            raise HarnessError("xl create succeeded, wanted it to fail")
        if status and guest.starts:
            raise HarnessError(
                f"xl create failed in {self._stub_stage()}: " +
                " | ".join(self._create_errors()))

    def _create_errors(self):
        """Return what xl create complains of first; the rest is its way out."""
        lines = self._log(f"create-{self._guest.name}.log").splitlines()
        return [line for line in lines if "error:" in line][:2] or lines[-2:]

    def _stub_stage(self):
        if self._guest.where == "dom0":
            return "the toolstack"
        console = self._log(f"qemu-dm-{self._guest.name}.log")
        if not console:
            return "the stub domain's kernel"
        return f"the stub domain ('{console.strip().splitlines()[-1]}')"

    def _steps(self):
        """Wait for the guest to do its steps; tell apart what comes before
        them, by the clock that its kernel starts."""
        times = self.result.times
        if not self._stage("guest boots", self._boots):
            return False
        name, seconds = times.pop()
        kernel = min(seconds, results.parse_guest(self._guest_log())[0][0])
        times += [("firmware", seconds - kernel), ("guest kernel", kernel)]
        return self._stage("steps", self._works)

    def _boots(self):
        end = time.monotonic() + KERNEL_LIMIT
        while not results.parse_guest(self._guest_log()):
            if time.monotonic() > end:
                self.result.unstarted = "soft lockup" in self._guest_log()
                raise Timeout(f"the guest hung in its kernel, {KERNEL_LIMIT} s")
            self._pause()

    def _works(self):
        guest = self._guest
        pending, reached = list(enumerate(guest.on)), None
        words = [pattern for pattern, _ in guest.on]
        while True:
            # with the device's name before it, and without
            said = [(device, f"{word} {rest}".strip()) for _, device, word, rest
                    in results.parse_guest(self._guest_log())]
            for event in list(pending):
                number, (pattern, command) = event
                by = [device for device, line in said if
                      re.match(pattern, line) or
                      re.match(pattern, f"{device} {line}")]
                before = words[:number].count(pattern)
                if len(by) > before:
                    pending.remove(event)
                    self._answer(command, by[before])
            if [line for _, line in said].count(guest.until) > \
                    words.count(guest.until):
                break
            steps = [f"{device}'s step {line[5:]}" for device, line in said
                     if line.startswith("step ")]
            if steps != reached:
                reached, end = steps, time.monotonic() + STEP_LIMIT
            where = steps[-1] if steps else "its init"
            if CRASH in self._xen_log():
                raise HarnessError(f"Xen has ended the guest in {where}")
            if time.monotonic() > end:
                raise Timeout(f"the guest hung in {where}, {STEP_LIMIT} s")
            self._pause()

    def _answer(self, command, device):
        device = self.result.devices.get(device)
        every = " ".join(d.bdf for d in self.result.devices.values())
        self._dom0(command.format(domain=self._guest.name, every=every,
                                  bdf=device and device.bdf),
                   command, CREATE_LIMIT)

    def _pause(self):
        self._outer.finished("")    # notices a machine that died
        time.sleep(POLL)

    def _lspci(self):
        devices = self.result.devices.values()
        output = self._dom0("; ".join(f"lspci -vvs {device.bdf}"
                                      for device in devices), "lspci")
        for device in devices:
            found = re.search(rf"(?m)^{device.bdf} (?:.+\n)+", output)
            device.lspci = found[0] if found else ""

    def _teardown(self):
        seen = self.result
        self._dom0(self._guest.end.format(domain=self._guest.name), "teardown")
        # A domain is off xl's list before Xen has taken it apart.
        end = time.monotonic() + SETTLE_LIMIT
        while True:
            seen.after = self._dom0("e2e state", "Xen's state after the guest")
            if results.xen_state(seen.after) == results.xen_state(seen.before) \
                    or time.monotonic() > end:
                break
            time.sleep(POLL)
        for device, config in self._configs():
            device.config_after = config

    def _collect(self):
        seen, name = self.result, self._guest.name
        seen.guest_raw = self._guest_log()
        seen.guest = results.parse_guest(seen.guest_raw)
        seen.stub = self._rotated(f"qemu-dm-{name}.log")

    def _guest_log(self):
        """Return what the guest's init has said, through Xen, and its kernel's
        console."""
        kind = "serial" if console(self._guest) == "ttyS0" else "guest"
        return "".join(SAID.findall(self._xen_log())) + \
            self._log(f"{kind}-{self._guest.name}.log")

    def _rotated(self, name):
        """Return the log of that name and, before it, those of the guest's
        former lives, which libxl has renamed."""
        older = [path.name for path in self._logs.iterdir()
                 if re.fullmatch(re.escape(name) + r"\.\d+", path.name)]
        return "".join(map(self._log, [*sorted(older, key=lambda old: -int(
            old.rpartition(".")[2])), name]))

    def _log(self, name):
        try:
            return (self._logs / name).read_text("utf-8", "replace")
        except FileNotFoundError:
            return ""

    def _xen_log(self):
        """Return what Xen has said since the guest's begin."""
        with open(self._outer.directory / "console.log", encoding="utf-8",
                  errors="replace") as f:
            f.seek(self._console)
            return f.read()

    def _trace_size(self):
        return (self._outer.directory / "trace.log").stat().st_size

    def _trace(self, mark):
        with open(self._outer.directory / "trace.log", encoding="ascii") as f:
            f.seek(mark)
            return f.read()


def judge(case, result):
    """Return lines that say what is not as the case wants it."""
    if result.problems:
        return list(result.problems)
    seen = results.Seen(result, case.device)
    complaints = []
    for check in case.expect:
        complaints += check(seen)
    complaints += [f"saw '{rest}' in the guest" for rest in seen.said("failed")]
    complaints += [f"saw '{sign}' in the guest's log" for sign in
                   dict.fromkeys(TROUBLE.findall(seen.guest_raw))]
    if not case.guest.evil:
        complaints += [f"saw '{what}' in the stub domain's log" for what in
                       dict.fromkeys(REFUSED.findall(seen.stub))]
    before, after = map(results.xen_state, (seen.before, seen.after))
    for item in sorted(after - before):
        complaints.append(f"saw '{item}' left in Xen with the guest gone")
    for item in sorted(before - after):
        complaints.append(f"saw '{item}' of Xen gone with the guest")
    complaints += _control_complaints(seen)
    complaints += _message_complaints(case.guest.platform, seen)
    return complaints


def _message_complaints(platform, seen):
    """What Xen writes into the device is of the platform's kind: the machine
    is the one that was meant."""
    wanted = PLATFORMS[platform][1]
    for address, data in seen.messages():
        form = configspace.form(address, data)
        if form != wanted:
            yield (f"saw message {address:#x}/{data:#x} in the device, "
                   f"{form}, wanted {wanted}")
            return


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
