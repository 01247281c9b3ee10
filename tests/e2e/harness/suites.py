# SPDX-License-Identifier: GPL-2.0-or-later
"""The stacks that cases can run on: a row names everything of one stack."""

from dataclasses import dataclass

# What programs of the images load besides Xen's own libraries. Only what they
# really need is taken into an image; a name too much here costs a download.
_LIBRARIES = """
    libc6 libgcc-s1 libblkid1 libcap2 libdw1 libelf1 libfdt1 libffi8
    libglib2.0-0 libgstreamer-plugins-base1.0-0 libgstreamer1.0-0
    libjpeg62-turbo libkmod2 liblz4-1 liblzma5 libmount1 libopus0
    liborc-0.4-0 libpci3 libpcre2-8-0 libpixman-1-0 libsasl2-2 libseccomp2
    libselinux1 libspice-server1 libssl3 libudev1 libunwind8 libusb-1.0-0 libuuid1
    libyajl2 libzstd1 zlib1g libbz2-1.0 libstdc++6
"""


@dataclass(frozen=True)
class Suite:
    """One Debian release with its Xen."""
    name: str
    xen: str            # Xen's release, as Debian's package names spell it
    toolstack: tuple    # packages of the toolstack and of the images' programs
    kbuild: str         # package with the kernel's build tools
    pv_backend: tuple   # packages of the QEMU that serves PV consoles in dom0


SUITES = {
    "bookworm": Suite(
        name="bookworm",
        xen="4.17",
        toolstack=tuple("""
            xen-hypervisor-4.17-amd64 xen-utils-4.17 xenstore-utils
            libxenmisc4.17 libxencall1 libxendevicemodel1 libxenevtchn1
            libxenforeignmemory1 libxengnttab1 libxenhypfs1 libxenstore4
            libxentoolcore1 libxentoollog1 busybox-static pciutils seabios
        """.split() + _LIBRARIES.split()),
        kbuild="linux-kbuild-6.1",
        # From 8.2 on QEMU's PV console does not come up under libxl, and a
        # stub domain whose console hangs is given up by libxl after 30 s.
        pv_backend=("qemu-system-xen=1:7.2*", "qemu-system-data=1:7.2*"),
    ),
}
