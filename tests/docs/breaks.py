# SPDX-License-Identifier: GPL-2.0-or-later
"""Ways to make the documentation wrong, each of which a check must notice."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Break:
    about: str          # goes on "it is noticed that"
    check: str          # which one, a key of CHECKS or "runs"
    says: str           # a part of the complaint
    page: str = 'docs/index.rst'
    add: str = ''       # at the end of the page
    take: str = ''      # out of it, everywhere
    put: str = ''       # in its place

    def edit(self, text):
        if self.take:
            text = text.replace(self.take, self.put)
        return text + ('\n%s\n' % self.add if self.add else '')


BLOCK = '::\n\n    '

BREAKS = (
    Break('a page is referred to that there is not', 'html', 'nowhere',
          add=':doc:`nowhere`'),
    Break('a page is in no list', 'html', 'porting',
          take='   porting\n'),
    Break('a title of the README is longer than its line', 'rst',
          'Title overline too short', page='README.rst',
          take='xen-pt-msi: MSI', put='xen-pt-msi: MSI and MSI-X'),
    Break('a file is named that there is not', 'names', 'tests/e2e/runs',
          add='``tests/e2e/runs``'),
    Break('a file of a build is named that nothing makes', 'names',
          'build/stubdom/no-such-image', add='``build/stubdom/no-such-image``'),
    Break('a file of a QEMU is named that there is not', 'names',
          'hw/xen/xen_pt_msii.c', add='``hw/xen/xen_pt_msii.c``'),
    Break('a file is named alone that there is not', 'names',
          'xen_pt_msi_seek.c', add='``xen_pt_msi_seek.c``'),
    Break('a symbol is named that there is not', 'names', 'XenPTMSIOops',
          add='``XenPTMSIOops``'),
    Break('a target of make is named that there is not', 'names',
          'make check-docz', add='``make check-docz``'),
    Break('a variable of make is named that there is not', 'names', 'CASEZ',
          add='``make check-e2e CASEZ=ahci-allowed``'),
    Break('an option of configure is named that there is not', 'names',
          '--qemu-sauce', add='``./configure --qemu-sauce=DIR``'),
    Break('an option of a program is named that there is not', 'names',
          '--stubdom-alone', add=BLOCK + 'xen-pt-msi-allow --stubdom-alone'),
    Break('an option is named alone that nothing has', 'names', '--slowly',
          add='``--slowly``'),
    Break('a case is named that there is not', 'names', 'ahci-alowed',
          add=BLOCK + 'tests/e2e/run --case ahci-alowed'),
    Break('a case is named alone that there is not', 'names', 'nvme-alowed',
          add='``nvme-alowed``'),
    Break('a stack is named that there is not', 'names', 'SUITES: there is no',
          add='``make check-e2e SUITES=buster``'),
    Break('a test is named that there is not', 'names', 'test-msi-sequence',
          add='``test-msi-sequence``'),
    Break('".. runs" has lost its block', 'names', 'has no block',
          add='.. runs\n\nNo block.'),
    Break('a link has a dot behind it', 'links', 'no link',
          add='https://xenbits.xen.org/xsa/.'),
    Break('a link has no host', 'links', 'no link', add='https:///xsa/'),
    Break('a step is not described', 'reference', 'step "maskall" is not',
          page='docs/reference.rst', take='``maskall``', put='``maskal``'),
    Break('a step is described that there is not', 'reference',
          'no step "maskal"', page='docs/reference.rst', take='``maskall``',
          put='``maskal``'),
    Break('a trace event is not described', 'reference',
          'trace event "xen_pt_msi_bind" is not', page='docs/reference.rst',
          take='``xen_pt_msi_bind``', put='``xen_pt_msi_bond``'),
    Break('a property is not described', 'reference',
          'property "msi-probe" is not', page='docs/reference.rst',
          take='``msi-probe`` =', put='``msi-prob`` ='),
    Break('a status field is not described', 'reference',
          'status field "undo-failures" is not', page='docs/reference.rst',
          take='``undo-failures``', put='``undo-faults``'),
    Break('a state is not described', 'reference', 'state "pending" is not',
          page='docs/reference.rst', take='``pending``', put='``pends``'),
    Break('an error that has a remedy is not described', 'reference',
          'error "File exists" is not', page='docs/reference.rst',
          take='*File exists*', put='*A file*'),
    Break('the code has a step that is not described', 'reference',
          'step "tested" is not', page='hw/xen/xen_pt_msi_report.c',
          take='{ "map"', put='{ "tested"'),
    Break('a call that is forbidden is not described', 'sandbox',
          'group "limits, signals", calls', page='docs/image.rst',
          take='kill, tgkill to', put='kill to'),
    Break('a call is described that is not forbidden', 'sandbox',
          'group "network", calls', page='stubdom/sandbox.c',
          take='          CALL_IF(socket, IS_NOT(0, AF_UNIX)),\n'),
    Break('a forbidden call does not fail as described', 'sandbox',
          'group "network", what', page='stubdom/sandbox.c',
          take='"network", REFUSED', put='"network", UNKNOWN'),
    Break('a call is forbidden for another reason', 'sandbox',
          'group "new code", why', page='docs/image.rst',
          take='this QEMU translates no code', put='QEMU translates no code'),
    Break('a group of calls is described that there is not', 'sandbox',
          'the groups of', page='stubdom/sandbox.c', take='GROUP("sockets"',
          put='GROUP("pipes"'),
    Break('a hypercall that is let through is not described', 'sandbox',
          'the hypercalls of', page='docs/image.rst',
          take='   * - HVMOP_set_param\n'
               '     - to say that the guest sleeps (S3), or is awake\n'),
    Break('a hypercall is described that is not let through', 'sandbox',
          'the hypercalls of', page='stubdom/gate-calls.c',
          take='    HVM(HVMOP_set_param, SILENT, fits_set_param),\n'),
    Break('the sample has a line that no test has', 'sample',
          'stubdomain_colour', page='stubdom/hvm-with-stubdom.cfg.in',
          add='stubdomain_colour = 3'),
    Break('a file has no maintainer', 'project', 'nobody looks after VERSION',
          page='MAINTAINERS', take='F: VERSION\n'),
    Break('a maintained file is not there', 'project', 'no file scripts/serious',
          page='MAINTAINERS', take='F: scripts/series\n',
          put='F: scripts/serious\n'),
    Break('the version has no changes', 'project', 'does not begin with 9.9',
          page='VERSION', take='0.', put='9.9'),
    Break('a release has no date', 'project', '0.2 is unreleased',
          page='VERSION', take='-dev', put=''),
    Break('the README has another table of the demo', 'project',
          'differ in the table', page='README.rst', take='   70  md5 equal',
          put='   71  md5 equal'),
    Break('the demo has another row', 'project', 'the demo [(',
          page='tests/e2e/demo', take='"not given", "patched"',
          put='"lost", "patched"'),
    Break('a device is not in the table', 'project', 'there is no QEMU edu',
          page='docs/devices-table.txt', take='* - QEMU edu', put='* - QEMU e'),
    Break('a device of the table has no dump', 'project', 'no dump is of QEMU e',
          page='docs/devices-table.txt', take='* - QEMU edu', put='* - QEMU e'),
    Break('a command fails', 'runs', 'exit status 1',
          add='.. runs\n\n::\n\n    tests/e2e/run --list\n    false'),
    Break('a command does not fail as it should', 'runs', 'exit status 0',
          add='.. runs: 2\n\n::\n\n    true'),
)
