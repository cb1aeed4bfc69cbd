// The match that a random word falls on, by one of two integer weightings. Reads settings and weight_sums.

fn source_of(pair: Pair, hypothesis: u32) -> Source {
    let weighting = select(0u, 1u, hypothesis >= ALTERNATE_FROM && hypothesis % 2u == 1u);
    let by = select(weighting, ALIKE, settings.weigh_sampling == BY_NOTHING);
    return Source(pair.match_start, pair.match_count, by);
}

// The first of the matches whose sum is above this.
fn first_above(source: Source, most: u32) -> u32 {
    var low = 0u;
    var high = source.count;
    while (low < high) {
        let middle = (low + high) / 2u;
        if (weight_sums[source.first + middle][source.weighting] <= most) {
            low = middle + 1u;
        } else {
            high = middle;
        }
    }
    return low;
}

fn pick(source: Source, word: u32) -> u32 {
    if (source.weighting == ALIKE) {
        return multiply_high(word, source.count);
    }
    let total = weight_sums[source.first + source.count - 1u][source.weighting];
    return first_above(source, multiply_high(word, total));
}
