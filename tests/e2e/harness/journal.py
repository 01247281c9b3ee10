# SPDX-License-Identifier: GPL-2.0-or-later
"""What a stub domain did, one by one, from inside: every access that its
pcifront makes, every hypercall of QEMU about interrupts, and every access of
the guest to the device's config space, in order.

The image stays as it is: the kernel is asked for it by its command line, the
device model by its arguments.
"""

import re
from dataclasses import dataclass

# x86-64's calling convention gives the arguments of the kernel's functions.
_PROBES = (
    "p:rd,xen_pcifront:pcifront_bus_read,at=%dx:s32,size=%cx:s32",
    "p:wr,xen_pcifront:pcifront_bus_write,at=%dx:s32,size=%cx:s32,value=%r8:u32",
    # data: struct privcmd_hypercall { op, arg[5] }
    "p:hc,xen_privcmd:privcmd_ioctl,ioctl=%si:u32,op=+u0(%dx):u64,"
    "arg=+u8(%dx):u64,cmd=+u0(+u8(%dx)):u32",
)
KERNEL = "loglevel=8 tp_printk kprobe_event=" + ";".join(_PROBES)
DEVICE_MODEL = ("-trace", "cpu_ioreq_config_read",
                "-trace", "cpu_ioreq_config_write")

_IOCTL_HYPERCALL = 0x305000     # PRIVCMD_HYPERCALL, _IOC(0, 'P', 0, 48)
# xen/include/public: xen.h, physdev.h, domctl.h
_PHYSDEV_OP, _DOMCTL = 33, 36
_HYPERCALLS = {(_PHYSDEV_OP, 13): "map", (_PHYSDEV_OP, 14): "unmap",
               (_DOMCTL, 38): "bind", (_DOMCTL, 48): "unbind"}

_LINE = re.compile(r"\[ *(?P<time>\d+\.\d+)\] (?P<what>rd|wr|hc): \([^)]*\) "
                   r"(?P<rest>.*)")
# A line of the kernel's may come before the end of one of QEMU's.
_BREAK = re.compile(r"\n|(?=\[ *\d+\.\d+\] )")
_GUEST = re.compile(r"cpu_ioreq_config_(?P<what>read|write) .*sbdf=(?P<dev>\S+)"
                    r" reg=(?P<at>\d+) size=(?P<size>\d+) data=(?P<value>\S+)")


@dataclass(frozen=True)
class Event:
    """One thing that was done. time: seconds of the stub domain's clock, that
    of the event before for the guest's, which have none."""
    what: str           # rd, wr; map, unmap, bind, unbind; guest-read, -write
    at: int = 0         # offset in config space
    size: int = 0       # bytes
    value: int = 0
    device: str = ""    # the guest's accesses: which device
    time: float = 0


def parse(console, emulated=()):
    """Return the Events that a stub domain's console tells of, in order, each
    access of the guest before what it causes. emulated: offsets of which QEMU
    answers a read by itself."""
    events = []
    for event in _lines(console):
        # QEMU traces a write before it handles it, a read when it is done.
        if event.what == "guest-read" and event.at not in emulated and \
                events and (events[-1].what, events[-1].at) == ("rd", event.at):
            events.insert(-1, event)
        else:
            events.append(event)
    return events


def _lines(console):
    time = 0.0
    for line in _BREAK.split(console):
        found = _LINE.search(line)
        if found:
            time = float(found["time"])
            words = dict(word.split("=") for word in found["rest"].split()
                         if "=" in word)
            words = {name: int(text, 0) for name, text in words.items()
                     if text != "(fault)"}
            if found["what"] == "hc":
                if words["ioctl"] != _IOCTL_HYPERCALL:
                    continue
                cmd = words.get("cmd" if words["op"] == _DOMCTL else "arg")
                what = _HYPERCALLS.get((words["op"], cmd))
                if what:
                    yield Event(what, time=time)
            else:
                yield Event(found["what"], words["at"], words["size"],
                            words.get("value", 0), time=time)
            continue
        found = _GUEST.search(line)
        if found:
            yield Event(f"guest-{found['what']}", int(found["at"]),
                        int(found["size"]), int(found["value"], 0),
                        found["dev"], time)
