#!/usr/bin/env bash
# The header, the library as it is installed, the README's commands, and the programs of examples/ and tests/, under valgrind and on a GPU.
set -euo pipefail
cd "$(dirname "$0")/../.."

lacking=()
command -v cmake >/dev/null || lacking+=(cmake)
command -v valgrind >/dev/null || lacking+=(valgrind)
command -v pkg-config >/dev/null || lacking+=(pkg-config)
[ -e /usr/include/eigen3 ] || lacking+=(libeigen3-dev)
[ -e /usr/include/opencv4/opencv2/core.hpp ] || lacking+=(libopencv-core-dev)
if [ ${#lacking[@]} != 0 ]; then .ci/install_packages "${lacking[@]}"; fi

cargo test --release --locked --package nabla-ransac-c

# What the README has in blocks of a language.
blocks() {
    awk -v start="\`\`\`$1" '$0 == start { inside = 1; next } $0 == "```" { inside = 0 } inside' bindings/c/README.md
}

# its commands as they stand, with warnings as errors
rm -rf target/c
export CFLAGS="-Wall -Wextra -Wpedantic -Werror" CXXFLAGS="-Wall -Wextra -Wpedantic -Werror"
bash -euxo pipefail -c "$(blocks sh)"
{ printf '#include <%s>\n' iostream opencv2/core.hpp && blocks cpp; } > target/c/readme.cpp
# shellcheck disable=SC2086 # several flags
c++ -std=c++17 $CXXFLAGS -Itarget/c/installed/include -isystem /usr/include/opencv4 -fsyntax-only target/c/readme.cpp

cmake -S bindings/c/tests -B target/c/tests -DCMAKE_PREFIX_PATH="$PWD/target/c/installed" -DCMAKE_BUILD_TYPE=Release
cmake --build target/c/tests
for program in bad_input "threads cpu" wrapper "../examples/relative_pose cpu" "../examples/camera_pose cpu"; do
    # shellcheck disable=SC2086 # a program and its argument
    valgrind --quiet --error-exitcode=1 --leak-check=full --show-leak-kinds=definite --errors-for-leak-kinds=definite target/c/tests/$program
done
for program in examples/relative_pose examples/camera_pose tests/threads; do
    "target/c/$program" gpu
done

# a GPU that is not there
if VK_DRIVER_FILES=/dev/null VK_ICD_FILENAMES=/dev/null target/c/examples/relative_pose gpu 2>target/c/no_gpu.txt; then exit 1; fi
grep "no GPU adapter found" target/c/no_gpu.txt
