#!/usr/bin/env bash
# The package and the demo: built, the types compiled against a program, and both in a headless Chromium, with WebGPU and without.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)

if ! node -e 'process.exit(Number(process.versions.node.split(".")[0]) < 20 ? 1 : 0)'; then
    echo "expected Node.js 20 or newer" >&2
    exit 1
fi
[ -x /usr/bin/chromium ] || "$root/.ci/install_packages" chromium

"$here/demo.sh" --build-only
# the native program, to compare with, whatever its features
target=${CARGO_TARGET_DIR:-$root/target}
[ -x "$target/release/nabla-ransac" ] || cargo build --release --locked --manifest-path "$root/Cargo.toml"
(cd "$here" && npx tsc --project tests/tsconfig.json)
node --test --test-reporter=spec "$here"/tests/*.test.mjs
