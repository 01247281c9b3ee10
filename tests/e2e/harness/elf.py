# SPDX-License-Identifier: GPL-2.0-or-later
"""Reads from 64-bit little-endian ELF files what images need to know."""

import lzma
import struct
import zlib
import subprocess

from .errors import HarnessError

PT_DYNAMIC = 2
PT_INTERP = 3
PT_LOAD = 1
DT_NEEDED = 1
DT_STRTAB = 5
MAGIC = b"\x7fELF"
LOAD_ADDRESS = 1 << 20      # of a bzImage's part for protected mode


def _segments(image):
    offset, = struct.unpack_from("<Q", image, 32)
    size, count = struct.unpack_from("<HH", image, 54)
    for i in range(count):
        kind, _, start, address, physical, length = struct.unpack_from(
            "<IIQQQQ", image, offset + i * size)
        yield kind, start, address, physical, length


def _string(image, offset):
    return image[offset:image.index(b"\0", offset)].decode()


def needed(path):
    """Return (interpreter or None, [sonames]) that the program at path asks
    for; nothing for a file that is not ELF (a script)."""
    with open(path, "rb") as f:
        image = f.read()
    if image[:4] != MAGIC:
        return None, []
    segments = list(_segments(image))
    interpreter, wanted, strings = None, [], None
    for kind, start, _, _, length in segments:
        if kind == PT_INTERP:
            interpreter = _string(image, start)
        if kind == PT_DYNAMIC:
            for tag, value in struct.iter_unpack(
                    "<qQ", image[start:start + length]):
                if tag == DT_NEEDED:
                    wanted.append(value)
                if tag == DT_STRTAB:
                    strings = value
                if tag == 0:
                    break
    if strings is not None:
        strings = next(strings - address + start
                       for kind, start, address, _, length in segments
                       if kind == PT_LOAD and
                       address <= strings < address + length)
    return interpreter, [_string(image, strings + w) for w in wanted]


def _setup_size(image):
    """Return how many bytes of a bzImage run in real mode."""
    return ((image[0x1f1] or 4) + 1) * 512


def unpacked_kernel(path, start):
    """Return the bzImage at path with what start.S makes (start) in place of
    the decompressor, and behind it the kernel as it lies in memory."""
    image, elf = path.read_bytes(), kernel_payload(path)
    entry, = struct.unpack_from("<Q", elf, 24)
    parts = sorted((physical, elf[at:at + length])
                   for kind, at, _, physical, length in _segments(elf)
                   if kind == PT_LOAD)
    # What the last one ends with is zero in a new guest's memory anyway.
    parts[-1] = parts[-1][0], parts[-1][1].rstrip(b"\0")
    parts = [(at, data + bytes(-len(data) % 8)) for at, data in parts]
    begin = LOAD_ADDRESS + len(start) + 24 * len(parts) + 16
    table, where = [], begin
    for at, data in parts:
        if at < where:
            raise HarnessError(f"{path}: {at:#x} is too low for a kernel")
        table.append((where + len(data) - 8, at + len(data) - 8,
                      len(data) // 8))
        where += len(data)
    if parts[-1][0] < where:
        raise HarnessError(f"{path}: its end would not be zero")
    return b"".join((image[:_setup_size(image)], start,
                     *(struct.pack("<QQQ", *row) for row in reversed(table)),
                     struct.pack("<QQ", 0, entry),
                     *(data for _, data in parts)))


def kernel_payload(path):
    """Return the ELF image inside the x86 bzImage at path.

    Offsets are those of the kernel's boot protocol
    (Documentation/arch/x86/boot.rst: setup_sects, payload_offset and
    payload_length). Xen and libxl start such an image at once, where a
    compressed one costs seconds under emulation."""
    with open(path, "rb") as f:
        image = f.read()
    if image[0x202:0x206] != b"HdrS":
        raise HarnessError(f"{path} is no x86 kernel image")
    offset, length = struct.unpack_from("<II", image, 0x248)
    start = _setup_size(image) + offset
    packed = image[start:start + length]
    if packed[:6] == b"\xfd7zXZ\0":
        # behind every payload but gzip's stand 4 bytes with its size
        elf = lzma.decompress(packed[:-4])
    elif packed[:2] == b"\x1f\x8b":
        elf = zlib.decompress(packed, 31)
    elif packed[:4] == b"\x28\xb5\x2f\xfd":
        elf = subprocess.run(["zstd", "-dc"], input=packed[:-4], check=True,
                             stdout=subprocess.PIPE).stdout
    else:
        raise HarnessError(f"{path}: compression {packed[:6]!r} is not known")
    if elf[:4] != MAGIC:
        raise HarnessError(f"{path} holds no ELF image")
    return elf
