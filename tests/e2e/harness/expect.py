# SPDX-License-Identifier: GPL-2.0-or-later
"""Matchers: what a case wants to be seen. Each makes a function that takes a
Result and yields a line "saw ..., wanted ..." for each thing that is not so.
"""

import re

from . import configspace


def interrupts(kind, at_least=1, label="end"):
    """The device's interrupts are of that kind only (or of one of several),
    with that many seen."""
    kinds = (kind,) if isinstance(kind, str) else kind

    def check(result):
        seen = result.interrupts(label)
        if not seen:
            yield f"saw no interrupt line of the driver, wanted {kind}"
        for irq in seen:
            if irq.kind not in kinds:
                yield f"saw '{irq.text}', wanted {kind}"
        total = sum(irq.total for irq in seen)
        if total < at_least:
            yield f"saw {total} interrupts, wanted {at_least} or more"
    return check


def no_interrupts():
    """Not one interrupt of the device has arrived."""
    def check(result):
        for irq in result.interrupts():
            if irq.total:
                yield f"saw '{irq.text}', wanted no interrupt"
    return check


def arrive_on(cpu, label_from, label_to, at_least=16):
    """Between two reports, interrupts arrived on that vCPU and no other."""
    def check(result):
        before = result.interrupts(label_from)
        after = result.interrupts(label_to)
        if not before or len(before) != len(after):
            yield f"saw {before} and {after}, wanted the same interrupt lines"
            return
        came = [sum(irq.counts[i] for irq in after) -
                sum(irq.counts[i] for irq in before)
                for i in range(len(after[0].counts))]
        if came[cpu] < at_least or sum(came) != came[cpu]:
            yield (f"saw {came} interrupts per vCPU, wanted {at_least} or more "
                   f"on vCPU {cpu} and none elsewhere")
    return check


def arrived(label_from, label_to, at_least=1):
    """Between two reports, that many interrupts arrived or more."""
    def check(result):
        before, after = (sum(irq.total for irq in result.interrupts(label))
                         for label in (label_from, label_to))
        if after - before < at_least:
            yield (f"saw {after - before} interrupts from {label_from} to "
                   f"{label_to}, wanted {at_least} or more")
    return check


def vectors(at_least):
    """The driver has that many interrupt lines, and each was used."""
    def check(result):
        seen = result.interrupts()
        if len(seen) < at_least:
            yield f"saw {len(seen)} interrupt lines, wanted {at_least}"
        for irq in seen:
            if not irq.total:
                yield f"saw '{irq.text}', wanted interrupts there too"
    return check


def data_right(times=1):
    """Every one of that many reads has given what is on the disk."""
    def check(result):
        sums = result.said("md5")
        if len(sums) < times:
            yield f"saw {len(sums)} reads, wanted {times}"
        for got in sums:
            if got != result.sum:
                yield f"saw md5 {got} of the disk's start, wanted {result.sum}"
    return check


def verified(at_least=3):
    """What the guest read from step busy to step calm was right, that many
    times."""
    def check(result):
        times = [int(line) for line in result.said("verified")]
        if sum(times) < at_least:
            yield f"saw {times} reads verified, wanted {at_least}"
    return check


def disk_dead():
    """The driver has given the disk up."""
    def check(result):
        sums = result.said("md5")
        if not sums or set(sums) != {"none"}:
            yield f"saw reads {sums}, wanted a disk that cannot be read"
        if not any("failed to IDENTIFY" in d for d in result.said("dmesg")):
            yield "saw no 'failed to IDENTIFY' from the driver, wanted one"
    return check


def capability(name, shown):
    """The guest finds the capability in the device's list, or does not."""
    def check(result):
        caps = result.said("cap")
        if "end" not in caps:
            yield "saw no list of capabilities from the guest"
            return
        found = [cap for cap in caps if cap.startswith(f"{name} ")]
        if bool(found) != shown:
            yield (f"saw {found or f'no {name} capability'} in the guest, "
                   f"wanted it {'shown' if shown else 'hidden'}")
    return check


def in_life(number, *matchers):
    """In that life of the guest (1: its first) all this is seen of what the
    guest says."""
    def check(result):
        life = result.life(number)
        for matcher in matchers:
            for complaint in matcher(life):
                yield f"in life {number}: {complaint}"
    return check


def dom0_sees(text):
    """lspci in dom0, while the guest runs, shows that of the device."""
    def check(result):
        if text not in result.lspci:
            seen = [line.strip() for line in result.lspci.splitlines()
                    if text.split(":")[0] in line]
            yield f"saw {seen} in dom0's lspci, wanted '{text}'"
    return check


def raised(number):
    """Every one of the interrupts that the edu driver raised was seen."""
    def check(result):
        found = [tuple(map(int, m)) for line in result.said("dmesg")
                 for m in re.findall(r"raised (\d+) seen (\d+)", line)]
        if not found:
            yield "saw no report of the edu driver"
        if sum(r for r, _ in found) < number:
            yield f"saw {found} raised, wanted {number} in all"
        for r, s in found:
            if r != s:
                yield f"saw {s} of {r} raised interrupts"
    return check


def control(words, capability_id=configspace.MSI):
    """The control word's changes at the device are just these, in order: see
    configspace.transitions() for the words ("E e": one write that sets
    ENABLE and nothing else, then one that clears it)."""
    wanted = words.split()

    def check(result):
        seen = result.transitions(capability_id)
        if seen != wanted:
            yield (f"saw the control word change {_shown(seen)}, "
                   f"wanted {_shown(wanted)}")
    return check


def msix_control():
    """MSI-X's control word: ENABLE and MASKALL are the only bits that change
    at the device (Xen, too, switches both around what it does to the table),
    the first of it is the probe, and what QEMU writes, as its trace has it,
    is what it reads back."""
    def check(result):
        words = result.transitions(configspace.MSIX)
        if words[:2] != ["EM", "em"]:
            yield f"saw {_shown(words)}, wanted 'EM em' first"
        if not any("E" in word for word in words[2:]):
            yield f"saw {_shown(words)}, wanted ENABLE set by the guest"
        for word in words:
            if word.strip("EeMm"):
                yield f"saw the control word change {word}"
        written = [(wrote, read) for bdf, wrote, read in
                   _CONTROL.findall(result.stub) if bdf == result.bdf]
        if not written:
            yield "saw no trace of QEMU's writes, wanted some"
        for wrote, read in written:
            if wrote != read:
                yield f"saw QEMU write {wrote} and read {read}"
    return check


def message_seen():
    """Our QEMU has read back the message that Xen has written; that it is of
    the platform's kind is checked of every case."""
    def check(result):
        if not result.messages():
            yield "saw no message in the device, wanted one of Xen's"
    return check


# Each write of a word and the read that follows it.
_CONTROL = re.compile(
    r"xen_pt_msi_write \S*?(\w\w:\w\w\.\w): write \S+ <- (\S+): 0\s+"
    r"xen_pt_msi_read \S+: read \S+ -> (\S+): 0")


def _shown(words):
    return f"'{' '.join(words)}'" if len(words) <= 12 else \
        f"{len(words)} times ('{' '.join(words[:8])} ...')"


def says(word, pattern):
    """The guest has said a line of that kind that matches the pattern."""
    def check(result):
        lines = result.said(word)
        if not any(re.search(pattern, line) for line in lines):
            yield f"saw {word} {lines[-3:]}, wanted one like '{pattern}'"
    return check


def stub_says(pattern):
    """The stub domain's console has a line that matches the pattern."""
    def check(result):
        if not re.search(pattern, result.stub):
            yield (f"saw {result.stub.strip().splitlines()[-2:]} last on the "
                   f"stub domain's console, wanted one like '{pattern}'")
    return check


def verdict(pattern):
    """What xen-pt-msi-check says of the device, a regular expression for all of
    it."""
    def check(result):
        found = re.search(rf"(?m)^0000:{result.bdf}: (.*)$", result.verdicts)
        said = found[1] if found else "nothing"
        if not re.fullmatch(pattern, said):
            yield f"saw '{said}' said of it, wanted '{pattern}'"
    return check
