#!/usr/bin/env bash
# Everything that must hold: format, lints, docs, tests on the CPU and on a GPU (a software one will do), examples.
set -euo pipefail
cd "$(dirname "$0")"

# The tests of the shaders need an adapter. Where the machine has none, Debian and its like have a software one.
has_vulkan_driver() {
    compgen -G "/usr/share/vulkan/icd.d/*.json" >/dev/null || compgen -G "/etc/vulkan/icd.d/*.json" >/dev/null
}
if [ "$(uname)" = Linux ] && ! has_vulkan_driver && command -v apt-get >/dev/null; then
    as_root=()
    if [ "$(id -u)" != 0 ]; then as_root=(sudo); fi
    "${as_root[@]}" apt-get update -q
    "${as_root[@]}" apt-get install -q -y --no-install-recommends mesa-vulkan-drivers libvulkan1
fi

step() {
    echo "== $*"
    "$@"
}

# All in the release profile: dependencies are built once, and the tests are quick.
step cargo fmt --check
step cargo clippy --release --all-targets -- -D warnings
RUSTDOCFLAGS="-D warnings" step cargo doc --release --no-deps
step cargo test --release
step cargo build --release --no-default-features
for example in examples/*.rs; do
    name=$(basename "$example" .rs)
    arguments=()
    if [ "$name" = solver_accuracy ]; then arguments=(--count 2000); fi
    step cargo run --release --example "$name" -- "${arguments[@]}"
done
