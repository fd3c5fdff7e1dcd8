#!/usr/bin/env bash
# Package: license-expression 30.4.4.
#
# Expected: get_spdx_licensing().validate() accepts every valid SPDX license
# expression. By the grammar of the SPDX specification (annex on license
# expressions) a simple expression is a license id, a license id followed by
# "+", or a LicenseRef-..., which names a license that is not on the list.
#
# Seen: a LicenseRef of one's own is an "unknown license key", and so is "+"
# on an id, save where the pair was once an id of its own (LGPL-2.1+).
#
# Output seen:
#   Apache-2.0                   []
#   LGPL-2.1+                    []
#   Apache-2.0+                  ['Unknown license key(s): Apache-2.0+']
#   LicenseRef-My-Terms          ['Unknown license key(s): LicenseRef-My-Terms']
#   MIT AND LicenseRef-My-Terms  ['Unknown license key(s): LicenseRef-My-Terms']
#
# Why it matters: LicenseRef is how SPDX has one write the terms of a site or
# of a donor of texts. A check of a corpus's licenses with this validator
# refuses just the sources whose terms were written down with care.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check license-expression==30.4.4

env/bin/python - <<'PY'
import importlib.metadata

from license_expression import get_spdx_licensing

print("license-expression", importlib.metadata.version("license-expression"))
spdx = get_spdx_licensing()
changed = []
for expression, accepted in (
    ("Apache-2.0", True),
    ("LGPL-2.1+", True),
    ("Apache-2.0+", False),
    ("LicenseRef-My-Terms", False),
    ("MIT AND LicenseRef-My-Terms", False),
):
    errors = spdx.validate(expression).errors
    print(f"{expression:28} {errors}")
    if (errors == []) != accepted:
        changed.append(expression)
if changed:
    raise SystemExit(f"behaviour changed for: {', '.join(changed)}")
PY
