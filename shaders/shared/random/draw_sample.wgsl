// Minimal samples: distinct matches of a source, repeats drawn anew. Another part has pick(source, word), the match that a random
// word falls on. Twin: src/cpu/search/sample_minimal.rs, bit for bit.

// What the matches of a source are drawn by, where not by a column of the weight sums.
const ALIKE: u32 = 2u;

struct Source {
    first: u32, // of the weight sums
    count: u32,
    weighting: u32, // the column of the weight sums, or ALIKE
}

// In registers, not in an array: an index at run time would take that out of them.
struct Sample {
    head: vec4<u32>,
    tail: vec4<u32>,
    size: u32, // as many as could be drawn
}

fn sample_entry(sample: Sample, k: u32) -> u32 {
    return select(sample.tail[k & 3u], sample.head[k & 3u], k < 4u);
}

fn draw_sample(source: Source, seed: vec2<u32>, hypothesis: u32, size: u32) -> Sample {
    let places = vec4<u32>(0u, 1u, 2u, 3u);
    var sample = Sample(vec4<u32>(NO_SAMPLE), vec4<u32>(NO_SAMPLE), 0u);
    var words = vec4<u32>();
    for (var draw = 0u; draw < MAX_DRAWS && sample.size < size; draw++) {
        if (draw % 4u == 0u) {
            words = pcg4d(vec4<u32>(seed, hypothesis, draw / 4u));
        }
        let drawn = vec4<u32>(pick(source, words[draw % 4u]));
        if (!any(sample.head == drawn) && !any(sample.tail == drawn)) {
            sample.head = select(sample.head, drawn, places == vec4<u32>(sample.size));
            sample.tail = select(sample.tail, drawn, places + 4u == vec4<u32>(sample.size));
            sample.size++;
        }
    }
    return sample;
}
