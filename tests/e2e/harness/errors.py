# SPDX-License-Identifier: GPL-2.0-or-later
"""The one exception that ends a run with one clear line."""


class HarnessError(Exception):
    """The harness cannot go on; the message says what to do about it."""
