// A match of the buffer of all, `matches` of another part.

fn load_match(index: u32) -> Match {
    return make_match(matches[index * MATCH_VECTORS], matches[index * MATCH_VECTORS + MATCH_VECTORS - 1u]);
}
