#!/usr/bin/env bash
# The npm package, into pkg/. It takes rustup's target wasm32-unknown-unknown, or on Debian, where rustc has no such library, what
# toolchain.sh gets; and Node.js, for wasm-opt.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
cd "$here/../.."
# its own, so that nothing else waits for it
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$PWD/target}/web/cargo

if [ ! -x "$here/node_modules/.bin/wasm-opt" ]; then
    npm --prefix "$here" ci --no-audit --no-fund --silent
fi
cargo build --release --locked --package nabla-ransac-web-bindgen
(
    # every browser that has WebGPU has its SIMD
    export CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS="-C target-feature=+simd128"
    build=(cargo build --release --locked --package nabla-ransac-web --target wasm32-unknown-unknown)
    if [ ! -d "$(rustc --print sysroot)/lib/rustlib/wasm32-unknown-unknown" ]; then
        # shellcheck source=bindings/web/toolchain.sh
        source "$here/toolchain.sh" "$CARGO_TARGET_DIR/../toolchain"
        build+=(-Zbuild-std=std,panic_abort)
    fi
    "${build[@]}"
)

rm -rf "$here/pkg"
"$CARGO_TARGET_DIR/release/nabla-ransac-web-bindgen" "$CARGO_TARGET_DIR/wasm32-unknown-unknown/release/nabla_ransac.wasm" "$here/pkg"
wasm=$here/pkg/nabla_ransac_bg.wasm
"$here/node_modules/.bin/wasm-opt" -O3 --enable-simd --enable-bulk-memory --enable-nontrapping-float-to-int --enable-sign-ext \
    --enable-mutable-globals --enable-reference-types --enable-multivalue "$wasm" -o "$wasm"
echo "$(stat -c %s "$wasm") bytes of WebAssembly, $(gzip -9 -c "$wasm" | wc -c) compressed"
