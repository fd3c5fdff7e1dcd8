#!/usr/bin/env bash
# Package: mlflow-skinny 3.17.2.
#
# Expected: the digest of a dataset, which is there to identify it, may be a
# SHA-256 in hexadecimal, as it stands in every manifest and card.
#
# Seen: mlflow.data takes a digest of any length, and logging the dataset to a
# run is refused: at most 36 characters, which is 18 bytes of the 32.
#
# Output seen:
#   mlflow-skinny 3.17.2: made with a digest of 64 characters
#   refused when logged: exceeds the maximum length of 36
#
# Why it matters: the refusal comes at the end, in the run, and not where the
# dataset is made; and two tools that cut a hash in their own ways no longer
# agree on what was trained on.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check mlflow-skinny==3.17.2 numpy==2.4.6 pandas==2.3.3 \
  sqlalchemy==2.0.44 alembic==1.17.2

env/bin/python - 2>/dev/null <<'PY'
import hashlib
import importlib.metadata

import mlflow
import numpy

mlflow.set_tracking_uri("sqlite:///runs.db")
digest = hashlib.sha256(b"rows").hexdigest()
dataset = mlflow.data.from_numpy(numpy.zeros(3), digest=digest)
version = importlib.metadata.version("mlflow-skinny")
print(f"mlflow-skinny {version}: made with a digest of {len(dataset.digest)} characters")
with mlflow.start_run():
    try:
        mlflow.log_input(dataset)
    except mlflow.exceptions.MlflowException as error:
        print("refused when logged:", str(error)[:200])
        assert "36" in str(error), error
    else:
        raise SystemExit("it was taken")
PY
