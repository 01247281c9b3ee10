# SPDX-License-Identifier: GPL-2.0-or-later
"""Writes initial RAM disks ("newc" cpio archives) without being root.

The format is that of the kernel's initramfs buffer
(Documentation/driver-api/early-userspace/buffer-format.rst): everything is
owned by root, dated 0, and numbered in the order of the calls, so equal
contents make equal archives.
"""

import os
import stat

# The kernel reads archives that follow each other, each starting at a
# multiple of 4 bytes; zeros between them are skipped.
ALIGN = 4


class Archive:
    """An archive under construction. Parents are made when first needed."""

    def __init__(self, stream):
        self._stream = stream
        self._made = set()
        self._inode = 0

    def directory(self, path):
        """Add directory path (absolute) if it is not there yet."""
        path = path.strip("/")
        if path and path not in self._made:
            self._parents(path)
            self._entry(path, stat.S_IFDIR | 0o755, links=2)

    def data(self, path, content, mode=0o644):
        """Add a file holding the bytes content."""
        path = path.strip("/")
        self._parents(path)
        self._entry(path, stat.S_IFREG | mode, content)

    def file(self, source, path, mode=0o644):
        """Add a copy of the file source as path."""
        with open(source, "rb") as f:
            self.data(path, f.read(), mode)

    def link(self, target, path):
        """Add a symbolic link at path that points to target."""
        path = path.strip("/")
        self._parents(path)
        self._entry(path, stat.S_IFLNK | 0o777, target.encode())

    def console(self):
        """Add what a kernel needs before devtmpfs is mounted."""
        self.directory("/dev")
        self._entry("dev/console", stat.S_IFCHR | 0o600, device=(5, 1))
        self._entry("dev/null", stat.S_IFCHR | 0o666, device=(1, 3))

    def close(self):
        """Write the trailer; the stream stays open."""
        self._entry("TRAILER!!!", 0)

    def __contains__(self, path):
        return path.strip("/") in self._made

    def _parents(self, path):
        self.directory(os.path.dirname(path))

    def _entry(self, path, mode, content=b"", device=(0, 0), links=1):
        assert path not in self._made, path
        self._made.add(path)
        self._inode += 1
        name = path.encode() + b"\0"
        fields = (self._inode, mode, 0, 0, links, 0, len(content),
                  0, 0, *device, len(name), 0)
        head = b"070701" + b"".join(b"%08X" % f for f in fields) + name
        for part in (head, content):
            self._stream.write(part + bytes(-len(part) % ALIGN))
