# SPDX-License-Identifier: GPL-2.0-or-later
"""Licences as Debian's copyright files state them, as SPDX expressions.

The format is that of DEP-5, the Debian Policy's machine-readable copyright
file; SPDX's own names are those of the SPDX License List.
"""

import re

FORMAT = "packaging-manuals/copyright-format/1.0"
# Debian's short names that are not SPDX's, and those that are.
NAMES = {
    "Apache-2": "Apache-2.0", "BSD-2-clause": "BSD-2-Clause",
    "BSD-3-clause": "BSD-3-Clause", "BSD-4-clause": "BSD-4-Clause",
    "Expat": "MIT",
}
SAME = {"Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "CC0-1.0", "FSFULLR",
        "ISC", "MIT", "Zlib"}
GNU = re.compile(r"(GPL-[123]|LGPL-[23])(?:\.0)?(\+?)$|(LGPL-2\.1)(\+?)$")


def paragraphs(text):
    """Yield each paragraph of a control file as {field: value}; a value has
    its line breaks, without the blank that continues it."""
    for part in re.split(r"\n[ \t]*\n", text):
        fields, last = {}, None
        for line in part.splitlines():
            found = re.match(r"([^\s:#][^\s:]*):[ \t]*(.*)", line)
            if found:
                last = found[1].lower()
                fields[last] = found[2]
            elif last and line[:1] in " \t":
                fields[last] += "\n" + line[1:]
        if fields:
            yield fields


def spdx_name(name):
    """Return SPDX's name of one licence, or None."""
    gnu = GNU.match(name)
    if gnu:
        return (f"{gnu[1]}.0" if gnu[1] else gnu[3]) + \
            ("-or-later" if gnu[2] or gnu[4] else "-only")
    return NAMES.get(name) or (name if name in SAME else None)


def licence(text, package):
    """Return (expression, {reference: (name, text)}) of the copyright file
    text: the licence of all files that have none of their own. A licence that
    SPDX does not name is a reference, with its text. The expression is None
    where the file states none."""
    parts = list(paragraphs(text))
    if not parts or FORMAT not in parts[0].get("format", ""):
        return None, {}
    texts = {}
    for part in parts:
        name, _, body = part.get("license", "").partition("\n")
        if body:
            texts.setdefault(name.strip(), body)
    stated = next((part.get("license", "") for part in parts
                   if part.get("files", "").split() == ["*"]), "")
    stated = stated.partition("\n")[0].strip()
    if not stated:
        return None, {}
    references = {}

    def term(name):
        known = spdx_name(name)
        if known:
            return known
        tag = re.sub(r"[^A-Za-z0-9.]+", "-", f"{package}-{name}").strip("-")
        references[f"LicenseRef-{tag}"] = name, texts.get(name, stated)
        return f"LicenseRef-{tag}"

    words = re.split(r" (and|or) ", stated)
    joined = [word.upper() if n % 2 else term(word.strip())
              for n, word in enumerate(words)]
    if "AND" in joined and "OR" in joined:
        return None, {}         # which binds closer, a comma says
    return " ".join(joined), references
