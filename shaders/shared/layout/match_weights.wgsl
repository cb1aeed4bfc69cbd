// What a match weighs, by settings and match_facts of other parts.

fn score_weight(index: u32) -> f32 {
    if (settings.weigh_matches != 0u) {
        return match_facts[index].x;
    }
    return 1.0;
}

fn refinement_weight(index: u32) -> f32 {
    if (settings.weigh_matches != 0u) {
        return match_facts[index].y;
    }
    return 1.0;
}
