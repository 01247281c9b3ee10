# SPDX-License-Identifier: GPL-2.0-or-later
"""What is in an image of the stub domain."""

import subprocess


def unpacked(path):
    """Return {name: content} of the plain files in the image at path."""
    # The image is padded with zeros: zstd unpacks it all, then complains.
    data = subprocess.run(["zstd", "-dcq", path], stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, check=False).stdout
    files, at = {}, 0
    while True:
        assert data[at:at + 6] == b"070701", f"{path}: at {at}"
        fields = [int(data[at + 6 + 8 * n:at + 14 + 8 * n], 16)
                  for n in range(13)]
        mode, size, length = fields[1], fields[6], fields[11]
        name = data[at + 110:at + 110 + length - 1].decode()
        start = (at + 110 + length + 3) // 4 * 4
        if name == "TRAILER!!!":
            return files
        if mode & 0o170000 == 0o100000:
            files[name.removeprefix("./")] = data[start:start + size]
        at = (start + size + 3) // 4 * 4
