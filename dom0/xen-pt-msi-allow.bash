# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Completion for xen-pt-msi-allow: options, the devices that pciback owns, and,
# for root, who alone may ask, the domains.

_xen_pt_msi_allow()
{
    local cur words domains

    # The word begins where COMP_LINE does, not at readline's last colon.
    cur=${COMP_LINE:0:COMP_POINT}
    cur=${cur##*[[:space:]]}
    case $cur in
    -*)
        words="--dry-run --stubdom-only --configured --print --list --watch"
        words="$words --json --help --version"
        ;;
    *)
        words=$(xen-pt-msi-allow --list 2>/dev/null |
                sed -n '1!s/ .*//p')
        domains=
        # --print wants devices alone.
        case $COMP_LINE in
        *[[:space:]]--print[[:space:]]* | *[[:space:]]-p[[:space:]]*) ;;
        *)
            domains=$(xl list 2>/dev/null |
                      awk 'NR > 1 && $2 > 0 { print $1 }')
            ;;
        esac
        words="$words $domains"
        ;;
    esac
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
    # What readline takes for words of their own has been typed already.
    if [[ $cur == *:* && $COMP_WORDBREAKS == *:* ]]; then
        COMPREPLY=("${COMPREPLY[@]#"${cur%:*}:"}")
    fi
}

complete -F _xen_pt_msi_allow xen-pt-msi-allow
