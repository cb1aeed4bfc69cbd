#!/usr/bin/env bash
# Everything that must hold: format, lints, docs, tests on the CPU and on a GPU (a software one will do), examples.
set -euo pipefail
cd "$(dirname "$0")"

step() {
    echo "== $*"
    "$@"
}

# The tests of the shaders need an adapter, and fail without one.
has_adapter() {
    cargo run --release --quiet -- devices --json | grep -q '"usable":true'
}

# Mesa's software Vulkan, as Debian and its like have it.
install_software_vulkan() {
    local as_root=()
    if [ "$(id -u)" != 0 ]; then as_root=(sudo); fi
    "${as_root[@]}" apt-get update -q
    "${as_root[@]}" apt-get install -q -y --no-install-recommends mesa-vulkan-drivers libvulkan1
}

# All in the release profile, which the tests need to be quick. What users install is built first, without Burn; the tests
# then run with all features.
step cargo fmt --check
step cargo build --release --locked
if ! has_adapter && command -v apt-get >/dev/null; then
    step install_software_vulkan
fi
step cargo clippy --release --no-default-features -- -D warnings
step cargo clippy --release -- -D warnings
step cargo clippy --release --all-targets --features train,hloc,shards -- -D warnings
step cargo clippy --release -p nabla-ransac-c --all-targets -- -D warnings
step cargo clippy --release -p nabla-ransac-python -- -D warnings
step env RUSTDOCFLAGS="-D warnings" cargo doc --release --no-deps --features train,hloc,shards
step cargo test --release --features train,hloc,shards
for example in examples/*.rs; do
    name=$(basename "$example" .rs)
    arguments=()
    if [ "$name" = solver_accuracy ]; then arguments=(--count 2000); fi
    if [ "$name" = solver_gradients ]; then arguments=(--count 100); fi
    if [ "$name" = dsac_line ]; then arguments=(--steps 50); fi
    if [ "$name" = train_matcher ]; then arguments=(--steps 50); fi
    step cargo run --release --features train,hloc,shards --example "$name" -- "${arguments[@]}"
done
step bindings/c/test.sh
step bindings/python/test.sh
echo "== all checks passed"
