# SPDX-License-Identifier: GPL-2.0-or-later
"""Everything that boots or is read from, made once and cached."""

import gzip
import os
import pathlib
import random
import shutil
import tarfile
import subprocess
import tempfile

from . import cpio, elf, sample
from .cache import digest, made
from .devices import DEVICES, EMULATED_DISK
from .errors import HarnessError
from .packages import SOURCE, Tree, closure, headers, kernel
from .suites import PV_BACKEND, PV_BACKEND_SUITE

HERE = pathlib.Path(__file__).resolve().parent
E2E = HERE.parent
MAKERS = [HERE / n for n in
          ("images.py", "packages.py", "cpio.py", "elf.py", "suites.py",
           "devices.py")]
# The guest's driver is built by the compiler that its kernel was built by.
IN_SUITE = SOURCE / "scripts" / "in-suite"

DISK_SIZE = 16 << 20
SHOWN_SIZE = 256 << 10      # what the guest reads of it
# Where the guest's kernel lies, in dom0 (libxl wants to see it) and in the
# stub domain (QEMU reads it there).
GUEST_KERNEL = "/guest-vmlinuz"
GUEST_RAMDISK = "/guest.cpio"

# The stub domain's RAM disk with another program in QEMU's place
EVIL = "stub-evil.cpio"

XEN_MODULES = """
    xen-evtchn xen-gntdev xen-gntalloc xen-privcmd xenfs xen-pciback
    virtio_pci virtio_console 9pnet_virtio 9p
""".split()
# Those of guest/, made here.
OWN_MODULES = "debugcon", "edu_msi"
# The boot disk's file system, for who starts anew from it
FILE_SYSTEM = {"vfat", "nls_cp437", "nls_ascii"}
GUEST_MODULES = sorted({name for device in (*DEVICES.values(), EMULATED_DISK)
                        for name in device.modules.split()} - set(OWN_MODULES)
                       | FILE_SYSTEM)

TOOLS = """
    xl xenstored xenconsoled xen-init-dom0 libxl-save-helper
    vchan-socket-proxy
""".split()
XENSTORE_TOOLS = "xenstore-read xenstore-write xenstore-ls".split()
# The key map is only for "-vnc none", which loads one all the same.
QEMU_DATA = """
    linuxboot.bin linuxboot_dma.bin kvmvapic.bin
    keymaps/en-us
""".split()
# Where libxl looks for a QEMU, and where what it finds there looks for one.
DEFAULT_QEMU = "/usr/libexec/xen-qemu-system-i386"
PV_QEMU = "/usr/libexec/pv-qemu"


class Images:
    """Images of one suite below a build directory. The methods return paths
    and make what is missing; say is called with a line when that happens."""

    def __init__(self, build, suite, say):
        self.build = pathlib.Path(build).resolve()
        self.suite = suite
        self._say = say
        self._top = self.build / "e2e" / "images" / suite.name
        packages = kernel(build, suite)
        self.release = packages[0].removeprefix("linux-image-")
        self._system = Tree(build, suite.name, "system",
                            suite.toolstack + tuple(packages))
        self._backend = Tree(build, PV_BACKEND_SUITE, "pv-backend", PV_BACKEND)
        self._key = digest(self._system.key, self._backend.key, *MAKERS)

    def _made(self, name, key, make):
        def announced(path):
            self._say(f"making {name}")
            make(path)
        return made(self._top / name, key, announced)

    def _archive(self, name, key, fill):
        def make(path):
            with open(path, "wb") as f:
                archive = cpio.Archive(f)
                fill(archive)
                archive.close()
        return self._made(name, key, make)

    def base(self, disk):
        """Return {name: path} of what every machine is started with; disk is
        what guests read."""
        return {"xen": self.xen(), "vmlinux": self.kernel(),
                "dom0.cpio": self.dom0(), "disk.img": disk,
                "shown.img": self.shown(disk)}

    def xen(self):
        """The hypervisor, as the ELF file that a multiboot loader takes."""
        packed = self._system.path(f"/boot/xen-{self.suite.xen}-amd64.gz")

        def make(path):
            with gzip.open(packed) as src, open(path, "wb") as dst:
                shutil.copyfileobj(src, dst)
        return self._made("xen", self._key, make)

    def kernel(self):
        """dom0's kernel, unpacked (Xen would unpack it at every boot)."""
        return self.unpacked("vmlinux", self.guest_kernel())

    def unpacked(self, name, kernel):
        """The ELF file inside kernel, as the image called name."""
        key = digest(kernel, HERE / "elf.py")
        return self._made(name, key, lambda path:
                          path.write_bytes(elf.kernel_payload(kernel)))

    def quick_kernel(self):
        """The guest's kernel that need not unpack itself: which takes a third
        of a guest's start."""
        kernel, source = self.guest_kernel(), E2E / "guest" / "start.S"
        key = digest(kernel, source, HERE / "elf.py")

        def make(path):
            with tempfile.TemporaryDirectory() as work:
                code = pathlib.Path(work, "start")
                sample.run("gcc", "-c", "-o", f"{code}.o", source)
                sample.run("objcopy", "-O", "binary", "-j", ".text",
                           f"{code}.o", code)
                path.write_bytes(elf.unpacked_kernel(kernel,
                                                     code.read_bytes()))
        return self._made("guest-vmlinuz", key, make)

    def guest_kernel(self):
        """The guest's kernel, as the suite has it."""
        return self._system.path(f"/boot/vmlinuz-{self.release}",
                                 f"/lib/modules/{self.release}/vmlinuz")

    def disk(self):
        """A disk with random contents, the same in every build directory."""
        return self._made("disk.img", str(DISK_SIZE), lambda path:
                          path.write_bytes(
                              random.Random(1).randbytes(DISK_SIZE)))

    def shown(self, disk):
        """The part of the disk that a guest reads, as a file of its own."""
        with open(disk, "rb") as file:
            start = file.read(SHOWN_SIZE)
        return self._made("shown.img", digest(start), lambda path:
                          path.write_bytes(start))

    def dom0(self):
        """dom0's RAM disk: toolstack, QEMU for PV consoles, no QEMU under
        test (that comes over the share, so this outlives its builds)."""
        key = digest(self._key, *sorted((E2E / "dom0").iterdir()))
        return self._archive("dom0.cpio", key, self._fill_dom0)

    def _fill_dom0(self, archive):
        xen = f"/usr/lib/xen-{self.suite.xen}"
        system, backend = self._system, self._backend
        programs = {f"{xen}/bin/{t}": system.path(f"{xen}/bin/{t}")
                    for t in TOOLS}
        programs |= {f"/usr/bin/{t}": system.path(f"/usr/bin/{t}")
                     for t in XENSTORE_TOOLS + ["lspci", "setpci"]}
        programs["/usr/local/bin/modprobe"] = system.path("/bin/kmod")
        programs[PV_QEMU] = backend.path(DEFAULT_QEMU)
        self._busybox(archive)
        self._programs(archive, programs)
        # the libraries that the QEMU under test needs besides
        for soname in ("libpixman-1.so.0", "libseccomp.so.2"):
            if f"/lib/{soname}" not in archive:
                archive.file(system.library(soname), f"/lib/{soname}", 0o755)
        for name in ("qemu-patched", "qemu-stock"):
            archive.file(E2E / "dom0" / "qemu", f"/usr/local/bin/{name}",
                         0o755)
        archive.file(system.library("faketime/libfaketime.so.1"),
                     "/lib/libfaketime.so.1", 0o755)
        self._script(archive, "xl", "/usr/bin/xl", XENBIN=f"{xen}/bin")
        self._script(archive, "pv-qemu", DEFAULT_QEMU, PROGRAM=PV_QEMU)
        for name in ("e2e", "tool"):
            archive.file(E2E / "dom0" / name, f"/usr/bin/{name}", 0o755)
        archive.file(system.path(f"{xen}/boot/hvmloader"),
                     f"{xen}/boot/hvmloader")
        archive.file(system.path("/usr/share/seabios/bios-256k.bin"),
                     "/usr/share/seabios/bios-256k.bin")
        for name in QEMU_DATA:
            archive.file(backend.path(f"/usr/share/qemu/{name}"),
                         f"/usr/share/qemu/{name}")
        self._modules(archive, XEN_MODULES)
        archive.data("/etc/passwd", b"root:x:0:0:root:/root:/bin/sh\n")
        archive.data("/etc/group", b"root:x:0:\n")
        archive.data("/etc/xen/xl.conf", b'autoballoon="off"\n')
        # where Debian's libxl looks for it
        archive.link(f"{xen}/bin/vchan-socket-proxy",
                     "/usr/bin/vchan-socket-proxy")
        archive.link("../run", "/var/run")
        for d in "proc sys mnt tmp run root var/lib/xen var/log/xen".split():
            archive.directory(d)
        archive.link("/tmp/guest-vmlinuz", GUEST_KERNEL)
        archive.link("/tmp/guest.cpio", GUEST_RAMDISK)
        self._script(archive, "init", "/init", XENBIN=f"{xen}/bin")

    @staticmethod
    def _script(archive, name, path, **words):
        """Add script name of dom0/ as path, with each @WORD@ filled in."""
        text = (E2E / "dom0" / name).read_text()
        for word, value in words.items():
            text = text.replace(f"@{word}@", value)
        archive.data(path, text.encode(), 0o755)

    def guest(self):
        """The guest's RAM disk."""
        modules = [self._module(name) for name in OWN_MODULES]
        key = digest(self._key, E2E / "guest" / "init", *modules)

        def fill(archive):
            self._busybox(archive)
            self._programs(archive, {"/bin/kexec":
                                     self._system.path("/sbin/kexec")})
            self._modules(archive, GUEST_MODULES,
                          {f"extra/{module.name}": module.read_bytes()
                           for module in modules})
            for d in "proc sys tmp".split():
                archive.directory(d)
            archive.file(E2E / "guest" / "init", "/init", 0o755)
        return self._archive("guest.cpio", key, fill)

    def module_tree(self):
        """The guest's modules as dom0's own are found: by modprobe."""
        def make(path):
            with tempfile.TemporaryDirectory() as root:
                top = pathlib.Path(root, "lib/modules", self.release)
                for name, content, _ in self._system.modules(self.release,
                                                             GUEST_MODULES):
                    (top / name).parent.mkdir(parents=True, exist_ok=True)
                    (top / name).write_bytes(content)
                for name in ("modules.order", "modules.builtin",
                             "modules.builtin.modinfo"):
                    shutil.copy(self._system.path(
                        f"/lib/modules/{self.release}/{name}"), top)
                sample.run("/sbin/depmod", "-b", root, self.release)
                with tarfile.open(path, "w") as archive:
                    archive.add(root, ".")
        return self._made("modules.tar", self._key, make)

    def stub(self, name, shipped, packed):
        """The RAM disk of a stub domain: the file shipped, unchanged, and
        behind it a second archive with what the guest boots."""
        kernel = self.guest_kernel() if packed else self.quick_kernel()
        ramdisk = self.guest()
        key = digest(shipped, kernel, ramdisk, HERE / "images.py")

        def make(path):
            with open(path, "wb") as f:
                f.write(shipped.read_bytes())
                f.write(bytes(-f.tell() % cpio.ALIGN))
                archive = cpio.Archive(f)
                archive.file(kernel, GUEST_KERNEL)
                archive.file(ramdisk, GUEST_RAMDISK)
                archive.close()
        return self._made(name, key, make)

    def evil(self, shipped, program):
        """The same with program in QEMU's place, and without a guest."""
        def make(path):
            with open(path, "wb") as f:
                f.write(shipped.read_bytes())
                f.write(bytes(-f.tell() % cpio.ALIGN))
                archive = cpio.Archive(f)
                archive.file(program, "/bin/qemu", 0o755)
                archive.close()
        return self._made(EVIL, digest(shipped, program, HERE / "images.py"),
                          make)

    def staged(self, built):
        """What "make install" writes, of the build directory built."""
        parts = sorted((built / "stubdom").glob("xen-pt-stubdom*")) + [
            *(built / "meson" / "dom0" / name
              for name in ("xen-pt-msi-allow", "check-guest-init")),
            *sample.INSTALLERS, *sample.INSTALLED, HERE / "sample.py"]
        return self._made("staged.tar", digest(*parts), lambda path:
                          sample.staged(built, path))

    def boot_disk(self, cmdline):
        """The disk as a file of one that a guest boots from, with cmdline for
        its kernel."""
        parts = self.disk(), self.guest_kernel(), self.guest()
        key = digest(*parts, cmdline, HERE / "sample.py")
        return self._made("boot-disk.img", key, lambda path:
                          sample.boot_disk(*parts, cmdline, path))

    def _busybox(self, archive):
        busybox = self._system.path("/bin/busybox")
        archive.file(busybox, "/bin/busybox", 0o755)
        applets = subprocess.run([busybox, "--list"], check=True, text=True,
                                 stdout=subprocess.PIPE).stdout.split()
        for applet in applets:
            if applet not in ("busybox", "lspci"):
                archive.link("busybox", f"/bin/{applet}")
        archive.console()

    def _programs(self, archive, programs):
        """Add programs ({path in the image: source}) and their libraries."""
        libraries = closure([self._system, self._backend],
                            programs.values())
        for path, source in (programs | libraries).items():
            archive.file(source, path, 0o755)

    def _modules(self, archive, names, extra=None):
        top = f"/lib/modules/{self.release}"
        lines = []
        for path, content, needs in self._system.modules(self.release, names):
            archive.data(f"{top}/{path}", content)
            lines.append(f"{path}: {' '.join(reversed(needs))}")
        for path, content in (extra or {}).items():
            archive.data(f"{top}/{path}", content)
            lines.append(f"{path}:")
        archive.data(f"{top}/modules.dep", "\n".join(lines + [""]).encode())

    def _module(self, name):
        """A module of guest/, built for the guest's kernel."""
        release, flavour = self.release, self.release.rsplit("-", 1)[0]
        tree = Tree(self.build, self.suite.name, "kbuild",
                    headers(self.build, self.suite, release))
        source = E2E / "guest" / f"{name}.c"
        return self._made(f"{name}.ko", digest(tree.key, source), lambda path:
                          self._build_module(tree, flavour, source, path))

    def _build_module(self, tree, flavour, source, path):
        work = path.with_name(f"{source.stem}.build")
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir()
        shutil.copy(source, work)
        (work / "Makefile").write_text(f"obj-m := {source.stem}.o\n")
        headers = tree.root / "usr/src" / f"linux-headers-{flavour}"
        # The headers' own Makefile names the common part, and from Linux 7 on
        # itself, by the path where the package would be installed.
        command = [IN_SUITE, "-b", self.build, self.suite.name,
                   "make", "-C", f"{headers}-amd64",
                   "-f", f"{headers}-common/Makefile",
                   f"KBUILD_OUTPUT={headers}-amd64", f"M={work}", "modules",
                   # type information, which would take pahole
                   "CONFIG_DEBUG_INFO_BTF_MODULES="]
        environment = {"PATH": os.environ["PATH"], "LC_ALL": "C"}
        try:
            with open(work / "log", "wb") as log:
                subprocess.run(command, check=True, stdout=log, stderr=log,
                               env=environment)
        except OSError as error:
            raise HarnessError(f"cannot run make: {error.strerror}; run "
                               "./configure --bootstrap") from error
        except subprocess.CalledProcessError as error:
            raise HarnessError(f"{source.name} does not build, see "
                               f"{work}/log") from error
        sample.run("strip", "-g", work / f"{source.stem}.ko")
        os.replace(work / f"{source.stem}.ko", path)
        shutil.rmtree(work)
