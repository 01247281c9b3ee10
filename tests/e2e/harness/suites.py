# SPDX-License-Identifier: GPL-2.0-or-later
"""The stacks that cases can run on: a row names everything of one stack."""

from dataclasses import dataclass

# What programs of the images load besides Xen's own libraries. Only what they
# really need is taken into an image; a name too much here costs a download.
_LIBRARIES = """
    libc6 libgcc-s1 libatomic1 libblkid1 libcap2 libfdt1 libffi8
    libgstreamer-plugins-base1.0-0 libgstreamer1.0-0
    libjpeg62-turbo libkmod2 liblz4-1 liblzma5 libmount1 libopus0
    libpci3 libpcre2-8-0 libpixman-1-0 libsasl2-2 libseccomp2
    libselinux1 libspice-server1 libudev1 libunwind8 libusb-1.0-0 libuuid1
    libxxhash0 libyajl2 libzstd1 zlib1g libbz2-1.0 libstdc++6
    libxencall1 libxendevicemodel1 libxenevtchn1 libxenforeignmemory1
    libxengnttab1 libxenhypfs1 libxenstore4 libxentoolcore1 libxentoollog1
"""
_PROGRAMS = """
    busybox-static kexec-tools kmod libfaketime pciutils seabios xenstore-utils
"""
# Of two names: what a suite calls a library built for 64-bit times.
_RENAMED = "libdw1 libelf1 libglib2.0-0 liborc-0.4-0 libssl3"


@dataclass(frozen=True)
class Suite:
    """One Debian release with its Xen."""
    name: str
    xen: str            # Xen's release, as Debian's package names spell it
    t64: bool           # libraries are named for their 64-bit times
    more: tuple = ()    # libraries that those of others need here
    # The stack whose cases are run, with the stub domain that they are run
    # with there; "": its own.
    like: str = ""

    @property
    def toolstack(self):
        """Packages of the toolstack and of the images' programs."""
        suffix = "t64" if self.t64 else ""
        return (f"xen-hypervisor-{self.xen}-amd64", f"xen-utils-{self.xen}",
                f"libxenmisc{self.xen}", *_PROGRAMS.split(),
                *_LIBRARIES.split(),
                *(name + suffix for name in _RENAMED.split()), *self.more)


SUITES = {
    "bookworm": Suite("bookworm", xen="4.17", t64=False),
    "trixie": Suite("trixie", xen="4.20", t64=True),
    # No release: it runs only where it is named. Linux 7.2 loses consoles and
    # devices of a stub domain.
    "sid": Suite("sid", xen="4.20", t64=True, more=("libdrm2",),
                 like="trixie"),
}
RELEASES = [name for name, suite in SUITES.items() if not suite.like]


def other(name):
    """Return the name of a stack with another Xen than that of name's."""
    return next(suite for suite in SUITES
                if SUITES[suite].xen != SUITES[name].xen)


# The QEMU that serves PV consoles in every dom0. From 8.2 on QEMU's PV console
# does not come up under libxl, and a stub domain whose console hangs is given
# up by libxl after 30 s. Libraries that only bookworm has come with it.
PV_BACKEND_SUITE = "bookworm"
PV_BACKEND = ("qemu-system-xen=1:7.2*", "qemu-system-data=1:7.2*",
              "libxenmisc4.17")
