# Debian's rustc-web with the source of the standard library, unpacked into the folder $1 without being installed, for cargo to build
# with that library for wasm32. To be sourced.
wasm_toolchain=$1
if [ ! -x "$wasm_toolchain/rustc" ]; then
    command -v apt-get >/dev/null || {
        echo "expected the target wasm32-unknown-unknown: rustup target add wasm32-unknown-unknown" >&2
        exit 1
    }
    rm -rf "$wasm_toolchain"
    mkdir -p "$wasm_toolchain/packages"
    (
        cd "$wasm_toolchain/packages"
        dependency() { apt-cache depends "$1" | sed -n "s/^ *Depends: \($2\)$/\1/p" | head -n 1; }
        library=$(dependency libstd-rust-web-dev 'libstd-rust-web-[0-9.]*')
        llvm=$(dependency "$library" 'libllvm[0-9]*')
        apt-get download -q rustc-web libstd-rust-web-dev rust-web-src "$library" "$llvm"
        for package in *.deb; do dpkg -x "$package" ..; done
    )
    rm -r "$wasm_toolchain/packages"
    # packages have it relative to where they are installed
    ln -sfn "$(cd "$wasm_toolchain"/usr/src/rustc-* && pwd)" "$wasm_toolchain/usr/lib/rustlib/src/rust"
    cat >"$wasm_toolchain/rustc" <<'SCRIPT'
#!/bin/sh
root=$(dirname "$0")/usr
LD_LIBRARY_PATH="$root/lib/x86_64-linux-gnu" exec "$root/bin/rustc" "$@"
SCRIPT
    chmod +x "$wasm_toolchain/rustc"
fi
# the linker is the other toolchain's
linker=$(rustc --print sysroot)/lib/rustlib/$(rustc -vV | sed -n 's/^host: //p')/bin/rust-lld
export CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER=$linker RUSTC=$wasm_toolchain/rustc RUSTC_BOOTSTRAP=1
