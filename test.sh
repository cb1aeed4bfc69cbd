#!/usr/bin/env bash
# Everything that must hold: format, lints, docs, tests on the CPU and on a GPU (a software one will do), examples.
set -euo pipefail
cd "$(dirname "$0")"

step() {
    echo "== $*"
    TIMEFORMAT="   %0R s"
    time "$@"
}

# The tests of the shaders need an adapter, and fail without one.
has_adapter() {
    cargo run --release --quiet -- devices --json | grep -q '"usable":true'
}

# All in the release profile, which the tests need to be quick. What users install is built first, without Burn; the tests
# then run with all features.
step cargo fmt --check
step cargo build --release --locked
if ! has_adapter; then
    step .ci/install_packages mesa-vulkan-drivers libvulkan1
fi

# What has target folders of its own is built and tested beside the rest, for neither keeps all processors busy.
beside=$(mktemp -d)
set -m # in a group of its own, to be ended with all that it started
.ci/beside >"$beside/log" 2>&1 &
set +m
beside_process=$!
trap 'kill -- "-$beside_process" 2>/dev/null || true; rm -rf "$beside"' EXIT

step cargo clippy --release --no-default-features -- -D warnings
step cargo clippy --release -- -D warnings
step cargo clippy --release --all-targets --features train,hloc,shards -- -D warnings
step cargo clippy --release -p nabla-ransac-c --all-targets -- -D warnings
step cargo clippy --release -p nabla-ransac-python -- -D warnings
step cargo clippy --release -p nabla-ransac-web-bindgen -p shader-targets --all-targets -- -D warnings
step env RUSTDOCFLAGS="-D warnings" cargo doc --release --no-deps --features train,hloc,shards
step cargo test --release --features train,hloc,shards
for example in examples/*.rs; do
    name=$(basename "$example" .rs)
    arguments=()
    if [ "$name" = solver_accuracy ]; then arguments=(--count 2000); fi
    if [ "$name" = solver_gradients ]; then arguments=(--count 100); fi
    if [ "$name" = dsac_line ]; then arguments=(--steps 50); fi
    if [ "$name" = shader_texts ]; then arguments=("$beside/shaders"); fi
    if [ "$name" = train_matcher ]; then arguments=(--steps 50); fi
    step cargo run --release --features train,hloc,shards --example "$name" -- "${arguments[@]}"
done
step cargo run --release -p shader-targets -- "$beside/shaders"
step bindings/c/test.sh
step bindings/python/test.sh
echo "== .ci/beside"
wait "$beside_process" || { tail -n 200 "$beside/log"; exit 1; }
tail -n 100 "$beside/log"
step env NABLA_SHADERS="$beside/shaders" node --test bindings/web/tests/shaders.mjs
echo "== all checks passed"
