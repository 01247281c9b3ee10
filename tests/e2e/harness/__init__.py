# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs test cases on real Xen inside a software-emulated machine."""
