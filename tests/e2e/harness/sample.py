# SPDX-License-Identifier: GPL-2.0-or-later
"""What a user has who follows docs/install.rst: the files of "make install",
and a guest that boots from its disk."""

import shutil
import subprocess
import tarfile
import tempfile

from .errors import HarnessError
from .packages import SOURCE

PREFIX = "/usr/local"
CONFIG = f"{PREFIX}/share/doc/xen-pt-msi/hvm-with-stubdom.cfg"
INSTALLERS = (SOURCE / "stubdom" / "install", SOURCE / "dom0" / "install")
# Of their files, those that a case stands for; others are built.
INSTALLED = (SOURCE / "stubdom" / "hvm-with-stubdom.cfg.in",
             SOURCE / "dom0" / "xen-pt-msi-check.in")
DISK_KIB = 64 << 10


def run(*command):
    """Run a program; what it says is heard when it fails."""
    try:
        subprocess.run(command, check=True, stdin=subprocess.DEVNULL,
                       stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                       cwd=SOURCE, text=True)
    except FileNotFoundError as error:
        raise HarnessError(f"{command[0]} is missing; "
                           "run ./configure --bootstrap") from error
    except subprocess.CalledProcessError as error:
        raise HarnessError(f"{command[0]}: {error.stdout.strip()}") from error


def staged(built, path):
    """Make path the archive of what "make install DESTDIR=..." writes, of
    the build directory built."""
    with tempfile.TemporaryDirectory() as root:
        for installer in INSTALLERS:
            run(installer, built, root, PREFIX)
        with tarfile.open(path, "w") as archive:
            archive.add(root, ".")


def boot_disk(filler, kernel, ramdisk, cmdline, path):
    """Make path a disk from which a PC's firmware starts kernel. What is read
    of its begin is mostly filler."""
    names = "filler", "vmlinuz", "guest.cpio", "syslinux.cfg"
    with tempfile.TemporaryDirectory() as work:
        for name, source in zip(names, (filler, kernel, ramdisk)):
            shutil.copy(source, f"{work}/{name}")
        with open(f"{work}/syslinux.cfg", "w", encoding="ascii") as file:
            file.write("DEFAULT guest\nLABEL guest\nLINUX vmlinuz\n"
                       f"INITRD guest.cpio\nAPPEND {cmdline}\n")
        run("/sbin/mkfs.fat", "-C", path, str(DISK_KIB))
        run("mcopy", "-i", path, *(f"{work}/{name}" for name in names), "::")
        run("syslinux", "--install", path)
