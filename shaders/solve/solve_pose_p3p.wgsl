// Pose of a calibrated camera from three points of known position: the depths of shared/solver/p3p.
// In: 3 × (world xyz0, image xy00). Out: at most 4 camera_from_world [R | t] with all points in front. None for collinear or
// repeated world points; rays that coincide give none or finite poses.

const MAX_MODELS: u32 = 4u;

fn run_hypothesis(hypothesis: u32) {
    let i = 6u * hypothesis;
    let world = mat3x3(points[i].xyz, points[i + 2u].xyz, points[i + 4u].xyz);
    let view = view_of(world, points[i + 1u].xy, points[i + 3u].xy, points[i + 5u].xy);
    let depths = all_depths(view);
    var count = 0u;
    add_pose(hypothesis, depths[0], view, &count);
    add_pose(hypothesis, depths[1], view, &count);
    add_pose(hypothesis, depths[2], view, &count);
    add_pose(hypothesis, depths[3], view, &count);
    model_counts[hypothesis] = count;
}

fn add_pose(hypothesis: u32, depths: Depths, view: View, count: ptr<function, u32>) {
    if !depths.found {
        return;
    }
    let alignment = pose_at(depths, view);
    if alignment.found {
        write_motion(hypothesis * MAX_MODELS + *count, alignment.motion);
        (*count)++;
    }
}
