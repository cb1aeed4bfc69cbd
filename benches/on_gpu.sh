#!/usr/bin/env bash
# All GPU tests and figures of a machine with a card, as one page of Markdown; in two steps, so that the machine needs nothing
# but a Vulkan driver.
#
#   benches/on_gpu.sh pack FOLDER    builds everything and puts it into FOLDER, with this script and the data the tests read
#   FOLDER/on_gpu.sh                 on the machine with the card: prints the page; commit it as docs/gpu-CARD.md
#
# PEAK_TFLOPS=66.9 before it, of an H100, says what the scoring is to be a share of.
set -euo pipefail
folder=$(realpath -m "${2:-.}")
cd "$(dirname "$0")"

# The tests and examples that use a GPU.
TESTS=(gpu_context gpu_twins gpu_solvers gpu_estimator gpu_embed gpu_network gpu_learned gpu_weights gpu_recover gpu_diagnosis gpu_stream
    gpu_localise gradients_gpu train_ops train_network selection_ops draw_hypotheses refine_poses attend_memory)
EXAMPLES=(agreement solver_accuracy embed_encoder)

# The executables that a cargo command builds, one a line, with the name before each.
executables() {
    cargo "$@" --no-run --features train --message-format=json-render-diagnostics |
        python3 -c '
import json, sys
for line in sys.stdin:
    built = json.loads(line)
    if built.get("executable"):
        print(built["target"]["name"], built["executable"])'
}

pack() {
    local name path
    cd ..
    mkdir -p "$folder/examples"
    # cargo test builds the program and the examples too
    { executables test --release; executables bench --bench gpu_stages --bench gpu_roofline; } | while read -r name path; do
        for wanted in nabla-ransac gpu_stages gpu_roofline "${TESTS[@]}" "${EXAMPLES[@]}"; do
            if [ "$name" = "$wanted" ]; then strip -o "$folder/$name" "$path"; fi
        done
    done
    cp benches/on_gpu.sh "$folder"
    cp -r examples/data "$folder/examples"
    echo "packed $(du -sh "$folder" | cut -f1) into $folder"
}

# Runs a command of the folder under a heading; a failure is on the page too.
section() {
    local heading=$1 started=$SECONDS
    shift
    printf '\n## %s\n\n    %s\n\n' "$heading" "$*"
    printf '```\n'
    timeout 100 "./$@" 2>&1 | tail -n 80 || echo "FAILED"
    printf '```\n\n%s s\n' $((SECONDS - started))
}

tests() {
    printf '\n## Tests on this GPU\n\n```\n'
    local name
    for name in "${TESTS[@]}"; do
        if [ ! -x "$name" ]; then continue; fi # not every version has each
        printf '%-16s ' "$name"
        if timeout 60 "./$name" >"$name.log" 2>&1; then
            grep '^test result' "$name.log"
        else
            echo "FAILED"
            # where it was cut off, what is missing hangs
            grep -E '^test |panicked|assert|left|right|GPU|error' "$name.log" | head -n 30 || true
        fi
    done
    printf '```\n'
}

page() {
    echo "# The GPU of $(date -u +%Y-%m-%d)"
    section "Adapters" nabla-ransac devices
    tests
    printf '\n'
    timeout 130 ./gpu_stages --bench | sed 's/^## /### /' || echo "FAILED"
    section "Solvers and scoring alone, batches of the estimator" nabla-ransac bench --backend gpu --seconds 0.3 --pairs 256
    section "What the driver's compiler makes of the shaders" gpu_roofline essential
    section "Solver accuracy in single precision" solver_accuracy --count 200000 --seed 77
    section "Agreement with the CPU" agreement
    section "Training, 1000 matches, end to end" nabla-ransac train --synthetic 512 --batch 32 --val pairs.safetensors --model essential --out trained --device gpu --init-epochs 1 --epochs 1
}

if [ "${1:-}" = pack ]; then
    : "${2:?the folder to pack into}"
    pack
else
    ./nabla-ransac synthesize --pairs 8 --seed 1 pairs.safetensors >/dev/null
    rm -rf trained
    page
fi
