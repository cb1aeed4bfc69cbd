// The models of so many hypotheses as MODELS says, each of two of the matches that is_picked picks, drawn alike: an invocation looks up
// each match, then one makes each model by model_of_two(a, b) of another part.

fn solve_samples(pair: Pair, picked: u32, first: u32, local: u32) {
    if (local < 2u * MODELS) {
        let sample = draw_sample(Source(0u, picked, ALIKE), pair.seed, first + local / 2u, 2u);
        // a repeated match where none could be drawn, which gives no model
        let number = select(0u, sample_entry(sample, local % 2u), sample.size == 2u);
        lane_vectors[local] = matches[picked_match(pair, number)];
    }
    workgroupBarrier();
    if (local < MODELS) {
        store_model(model_of_two(lane_vectors[2u * local], lane_vectors[2u * local + 1u]), local);
    }
    workgroupBarrier();
}
