#!/usr/bin/env bash
# The window on a display that is not there (Xvfb), drawn by a software GPU: what it shows, and what bad input gives.
set -euo pipefail
cd "$(dirname "$0")/../.."

lacking=()
command -v Xvfb >/dev/null || lacking+=(xvfb)
for library in libvulkan.so.1 libX11.so.6 libX11-xcb.so.1 libXcursor.so.1 libXi.so.6 libxkbcommon-x11.so.0; do
    ldconfig -p | grep -q "$library" || lacking+=("$library")
done
if [ ${#lacking[@]} != 0 ]; then
    .ci/install_packages xvfb mesa-vulkan-drivers libvulkan1 libx11-6 libx11-xcb1 libxcursor1 libxi6 libxkbcommon-x11-0
fi

# on a display of its own, whose number Xvfb finds
numbers=$(mktemp)
Xvfb -displayfd 3 -screen 0 1600x1000x24 -nolisten tcp 3>"$numbers" 2>/dev/null &
server=$!
trap 'kill "$server"; rm -f "$numbers"' EXIT
for _ in $(seq 100); do
    [ -s "$numbers" ] && break
    sleep 0.1
done
# without optimisation, which takes most of the time of a build and helps little: the GPU does the work
export DISPLAY=:$(cat "$numbers") CARGO_PROFILE_DEV_DEBUG=0
cargo test --locked --package nabla-ransac-viewer
