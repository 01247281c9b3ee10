# SPDX-License-Identifier: GPL-2.0-or-later
project = 'xen-pt-msi'
master_doc = 'index'
html_theme = 'alabaster'
nitpicky = True
