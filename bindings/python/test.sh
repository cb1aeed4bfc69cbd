#!/usr/bin/env bash
# The wheel: built, installed into a virtual environment of its own, its types checked against what is there, and its tests.
# NABLA_RAY_PAIRS=20000 makes the test on a local Ray as large as it gets.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
target=$(cd "$here/../.." && pwd)/target
environment=$target/python-venv
requirements=$here/requirements-test.txt

if ! cmp -s "$requirements" "$environment/requirements-test.txt"; then
    "${PYTHON:-python3}" -m venv --clear "$environment"
    "$environment/bin/pip" install --quiet --disable-pip-version-check --requirement "$requirements"
    cp "$requirements" "$environment/requirements-test.txt"
fi
PATH=$environment/bin:$PATH

cd "$here"
rm -rf "$target/wheels"
maturin build --release --locked --out "$target/wheels"
pip install --quiet --disable-pip-version-check --no-deps --force-reinstall "$target"/wheels/*.whl
python -m mypy.stubtest nabla_ransac --allowlist stubtest-allowlist.txt
python -m mypy --strict --python-executable "$environment/bin/python" tests/typed.py
python -m pytest -q
