# SPDX-License-Identifier: GPL-2.0-or-later
import pathlib

project = 'xen-pt-msi'
release = pathlib.Path(__file__).parent.parent.joinpath(
    'VERSION').read_text(encoding='ascii').strip()
version = release
master_doc = 'index'
html_theme = 'alabaster'
nitpicky = True
