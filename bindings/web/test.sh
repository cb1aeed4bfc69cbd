#!/usr/bin/env bash
# The package and the demo: built, the types compiled against a program, and both in a headless Chromium, with WebGPU and without.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)

if ! [ -x /usr/bin/chromium ] && command -v apt-get >/dev/null; then
    as_root=()
    if [ "$(id -u)" != 0 ]; then as_root=(sudo); fi
    "${as_root[@]}" apt-get update -q
    "${as_root[@]}" apt-get install -q -y --no-install-recommends chromium
fi

"$here/demo.sh" --build-only
cargo build --release --locked --manifest-path "$root/Cargo.toml" # the native program, to compare with
(cd "$here" && npx tsc --project tests/tsconfig.json)
node --test --test-reporter=spec "$here"/tests/*.test.mjs
