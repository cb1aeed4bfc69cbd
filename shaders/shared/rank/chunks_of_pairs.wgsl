// The rows whose neighbours are found: the matches of pairs that have a finalist, wherever their ranges lie.

@group(0) @binding(0) var<uniform> settings: Settings;
@group(0) @binding(1) var<storage, read> pairs: array<Pair>;
@group(0) @binding(2) var<storage, read> finalists: array<Candidate>;
@group(0) @binding(3) var<storage, read> matches: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read_write> neighbours: array<u32>;

fn neighbour_count() -> u32 {
    return COHERENT_NEIGHBOURS;
}

fn has_finalist(pair: u32) -> bool {
    var found = 0u;
    for (var place = 0u; place < FINALISTS; place++) {
        found |= finalists[pair * FINALIST_PLACES + place].found;
    }
    return found != 0u && pairs[pair].flags == 0u;
}

fn first_chunk(workgroup: vec3<u32>, workgroups: vec3<u32>) -> Chunk {
    let turn = turn_of(workgroup_index(workgroup, workgroups), workgroups, settings.pair_count);
    if (turn.range >= settings.pair_count || !has_finalist(turn.range)) {
        return Chunk(0u, 0u, 0u);
    }
    let begin = pairs[turn.range].match_start;
    return Chunk(begin + turn.first * NEIGHBOUR_ROWS, begin, begin + pairs[turn.range].match_count);
}

fn next_chunk(chunk: Chunk, workgroups: vec3<u32>) -> Chunk {
    let step = turn_of(0u, workgroups, settings.pair_count).step;
    return Chunk(chunk.first + step * NEIGHBOUR_ROWS, chunk.pair_begin, chunk.pair_end);
}
