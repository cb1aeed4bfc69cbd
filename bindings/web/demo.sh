#!/usr/bin/env bash
# The demo as a folder of files, built and served: bindings/web/demo.sh [port]. With --build-only the folder alone.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
site=${CARGO_TARGET_DIR:-$root/target}/web/demo

"$here/build.sh"
rm -rf "$site"
mkdir -p "$site/data"
cp -r "$here/demo/." "$here/pkg" "$site"
cp "$root"/examples/data/{leuven.npz,leuvenA.jpg,leuvenB.jpg,README.md} "$site/data"
echo "$site"
if [ "${1:-}" != --build-only ]; then
    # a browser gives WebGPU to pages of this machine, or over HTTPS
    echo "http://127.0.0.1:${1:-8000}"
    python3 -m http.server --bind 127.0.0.1 --directory "$site" "${1:-8000}"
fi
