use glam::DVec3;

/// Calls `visit` with the indices of the points that are equal, for each point that occurs; ascending in each group.
pub(crate) fn for_each_shared_point(points: &[DVec3], mut visit: impl FnMut(&[u32])) {
    let key = |i: u32| points[i as usize].to_array().map(f64::to_bits);
    let mut order: Vec<u32> = (0..points.len() as u32).collect();
    order.sort_unstable_by_key(|&i| (key(i), i));
    order.chunk_by(|&i, &j| key(i) == key(j)).for_each(&mut visit);
}
