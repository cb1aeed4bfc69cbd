// The workgroups of a stage shared out evenly among ranges of matches, of which some may be many times longer than others: those of
// a range take parts of it in turn.

struct Turn {
    range: u32, // beyond the last one where there are more workgroups than can be shared out
    first: u32, // part of it
    step: u32, // to the next part
}

fn turn_of(index: u32, workgroups: vec3<u32>, ranges: u32) -> Turn {
    let each = max(workgroups.x * workgroups.y / max(ranges, 1u), 1u);
    return Turn(index / each, index % each, each);
}
