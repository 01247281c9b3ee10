# SPDX-License-Identifier: GPL-2.0-or-later
#
# A thin front: configure, scripts/build-qemu, meson, stubdom/ and tests/ do
# the work. "make help" lists the targets.

SHELL = /bin/sh
B = build
ifneq ($(words $(CURDIR)),1)
$(error make cannot work in "$(CURDIR)": move it to a path without a space)
endif
# Set up first, unless nothing is to be built.
ifneq ($(filter-out clean distclean help hooks update,$(or $(MAKECMDGOALS),all)),)
-include $(B)/config.mak
endif
# The releases of Debian, each with its Xen, that the tests run on; unless they
# are named, a case says on which of them it runs.
RELEASES = $(or $(SUITES),bookworm trixie)
export PYTHONPATH MESON CASES SUITES

QEMU = $(B)/qemu/bin/qemu-system-i386
IMAGE = $(B)/stubdom/xen-pt-stubdom.cpio
NINJA = ninja -C $(B)/meson

.PHONY: all
all: image

# What CONFIGURE_ARGS asks for is kept by config.mak's age alone: run
# ./configure by hand for another QEMU.
$(B)/config.mak: configure scripts/packages tests/e2e/packages
	@./configure --bootstrap $(CONFIGURE_ARGS)

.PHONY: qemu tools image
qemu: $(B)/config.mak
	@scripts/build-qemu . $(B)

tools: $(B)/config.mak
	@scripts/step "Building tools and tests" $(B)/tools.log $(NINJA)

image: qemu tools
	@stubdom/mkimage -b $(B) --qemu=$(QEMU) \
	    --init=$(B)/meson/stubdom/stubdom-init --output=$(IMAGE) \
	    --kernel-output=$(B)/stubdom/xen-pt-stubdom-vmlinuz
	@stubdom/mkimage -b $(B) --qemu=$(QEMU) --kernel=debian \
	    --init=$(B)/meson/stubdom/stubdom-init \
	    --output=$(B)/stubdom/debian/xen-pt-stubdom.cpio \
	    --kernel-output=$(B)/stubdom/debian/xen-pt-stubdom-vmlinuz
	@stubdom/mkimage -b $(B) --qemu=$(QEMU).stock --stock \
	    --init=$(B)/meson/stubdom/stubdom-init \
	    --output=$(B)/stubdom/stock/xen-pt-stubdom.cpio
	@scripts/update -b $(B) --check

# The same for another release, below $(B)/NAME.
.PHONY: image-$(SUITE)
image-$(SUITE): image
image-%: $(B)/config.mak
	@scripts/suite-image $*

# All that images are made of, as new as Debian has it; "make" builds with that.
.PHONY: update
update:
	@scripts/update -b $(B)

.PHONY: demo check check-unit check-proof check-qtest check-e2e prove bench
demo: image
	@tests/e2e/demo -b $(B)

check: image $(RELEASES:%=image-%)
	@scripts/debpkg -b $(B) install git python3-sphinx
	@$(PYTHON) tests/tally $(B) unit series proof qtest docs e2e

check-unit: tools
	@$(PYTHON) tests/tally $(B) unit

check-proof: tools
	@$(PYTHON) tests/tally $(B) proof

prove: tools
	@tests/proof/run -b $(B)

check-qtest: qemu tools
	@$(PYTHON) tests/tally $(B) qtest

# One of the cases starts an image on another Xen than it is made for. On sid
# trixie's image runs, see tests/e2e/harness/suites.py.
check-e2e: image $(patsubst %,image-%,$(RELEASES:sid=trixie))
	@$(PYTHON) tests/tally $(B) e2e

bench: image
	@tests/e2e/bench -b $(B)
	@tests/e2e/bench-image -b $(B)

.PHONY: fuzz coverage
fuzz: qemu tools
	@scripts/debpkg -b $(B) install $$(grep -v '^\#' tests/fuzz/packages)
	@tests/fuzz/run -b $(B)
	@tests/fuzz/run -b $(B) --gate
	@tests/fuzz/random -b $(B)

coverage: $(B)/config.mak
	@tests/unit/coverage $(B)/coverage

# The project as patches, for a package of QEMU. What "make check" does not do
# of check-series is to build and test every step.
.PHONY: series check-series versions deb
series: $(B)/config.mak
	@scripts/debpkg -b $(B) install git
	@$(PYTHON) scripts/series -b $(B)

check-series: qemu tools
	@scripts/debpkg -b $(B) install git quilt
	@tests/series/run -b $(B) --steps

versions: $(B)/config.mak
	@scripts/debpkg -b $(B) install git
	@$(PYTHON) scripts/versions -b $(B) --table docs/versions-table.txt \
	    $(SOURCES:%=--source %) $(DEBIAN)

deb: $(B)/config.mak
	@scripts/debpkg -b $(B) install git
	@scripts/deb-package

.PHONY: docs check-docs
docs: $(B)/config.mak
	@scripts/debpkg -b $(B) install python3-sphinx
	@scripts/step "Building the documentation" $(B)/docs.log \
	    $(PYTHON) -m sphinx -W -b html docs $(B)/docs

# The pages tell of installing: there must be something to install.
check-docs: image
	@scripts/debpkg -b $(B) install python3-sphinx
	@$(PYTHON) tests/tally $(B) docs

.PHONY: install
install: image
	@stubdom/install $(B) "$(DESTDIR)" "$(PREFIX)"
	@dom0/install $(B) "$(DESTDIR)" "$(PREFIX)"

# What image-NAME has built, for a dom0 of that release.
.PHONY: install-$(SUITE)
install-$(SUITE): install
install-%: image-%
	@stubdom/install $(B)/$* "$(DESTDIR)" "$(PREFIX)"
	@dom0/install $(B)/$* "$(DESTDIR)" "$(PREFIX)"

# QEMU's checkpatch before each commit that touches what goes into QEMU.
.PHONY: hooks
hooks:
	@scripts/install-hooks

.PHONY: clean distclean help
clean:
	rm -rf $(B)/qemu/build $(B)/qemu/bin $(B)/meson $(B)/stubdom $(B)/kernel
	rm -rf $(B)/e2e
	rm -rf $(RELEASES:%=$(B)/%) $(B)/series $(B)/series-steps $(B)/deb
	rm -rf $(B)/versions/[0-9]* $(B)/versions/src
	rm -f $(B)/config.mak

distclean:
	rm -rf $(B)

help:
	@echo 'make             build QEMU and the stub domain image'
	@echo 'make update      get what is newer of all that images are made of'
	@echo 'make demo        run it on real Xen, in emulation, and show what happens'
	@echo 'make check       run all tests'
	@echo 'make check-unit  run the tests that need no Xen'
	@echo 'make check-proof prove the invariants; make prove: to a deeper bound'
	@echo 'make check-qtest run QEMU on a fake Xen'
	@echo 'make check-e2e   run the tests on real Xen; CASES="NAME ..." for some,'
	@echo '                 SUITES="NAME ..." on one of the releases of Debian, or sid'
	@echo 'make image-NAME  build the image for that release of Debian and its Xen'
	@echo 'make series      write the project as patches for QEMU to build/series;'
	@echo '                 make check-series: build and test each step of them'
	@echo 'make versions    try the QEMUs that Debian has, and each of SOURCES="...": a'
	@echo '                 directory, or DIRECTORY:REVISION of a git repository;'
	@echo '                 make deb: build its package for Xen'
	@echo 'make bench       measure what a driver pays, and what the image costs'
	@echo 'make fuzz        fuzz the registers and the sequence for a while'
	@echo 'make coverage    how much of layers 2c, 3 and 4 the unit tests run'
	@echo 'make docs        build the documentation as HTML, in build/docs;'
	@echo '                 make check-docs: see whether it is true'
	@echo 'make install     install image, kernel and a tool for dom0; DESTDIR= PREFIX=;'
	@echo '                 make install-NAME: what image-NAME has built'
	@echo 'make hooks       have git run checkpatch before each commit'
	@echo 'make clean       remove what was built; distclean: the downloads too'
	@echo 'Options of the first set-up: make CONFIGURE_ARGS=..., see ./configure --help'
