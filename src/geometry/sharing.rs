//! Points that occur in more than one match.

use glam::DVec3;

/// What the matches of two point sets share.
pub(crate) struct Sharing {
    /// Of each match: how many different points of the other side its point is matched to, the larger number of both sides.
    pub(crate) partners: Vec<u32>,
    /// Of each match: the first match of the same two points. Those of another number are its exact copies.
    pub(crate) original: Vec<u32>,
}

impl Sharing {
    /// Of the points of both sides; `None` where every match has its points to itself.
    pub(crate) fn of([points1, points2]: [&[DVec3]; 2]) -> Option<Self> {
        let [first, second] = [points1, points2].map(numbered);
        let occurs_once = |numbers: &[u32]| numbers.iter().zip(0..).all(|(&number, i)| number == i);
        if occurs_once(&first) && occurs_once(&second) {
            return None;
        }
        let pair = |i: u32| (first[i as usize], second[i as usize]);
        let count = first.len().min(second.len());
        let mut order: Vec<u32> = (0..count as u32).collect();
        order.sort_unstable_by_key(|&i| (pair(i), i));
        let mut original = vec![0; count];
        let mut partners = [vec![0; count], vec![0; count]];
        for copies in order.chunk_by(|&i, &j| pair(i) == pair(j)) {
            copies.iter().for_each(|&i| original[i as usize] = copies[0]);
            let (a, b) = pair(copies[0]);
            partners[0][a as usize] += 1;
            partners[1][b as usize] += 1;
        }
        let of_both = |i| partners[0][first[i] as usize].max(partners[1][second[i] as usize]);
        Some(Self { partners: (0..count).map(of_both).collect(), original })
    }
}

/// The index of the first point that is equal to each.
fn numbered(points: &[DVec3]) -> Vec<u32> {
    let mut first = vec![0; points.len()];
    for_each_shared_point(points, |group| group.iter().for_each(|&i| first[i as usize] = group[0]));
    first
}

/// Calls `visit` with the indices of the points that are equal, for each point that occurs; ascending in each group.
pub(crate) fn for_each_shared_point(points: &[DVec3], mut visit: impl FnMut(&[u32])) {
    // zero has one sign here
    let key = |i: u32| points[i as usize].to_array().map(|x| (x + 0.0).to_bits());
    let mut order: Vec<u32> = (0..points.len() as u32).collect();
    order.sort_unstable_by_key(|&i| (key(i), i));
    order.chunk_by(|&i, &j| key(i) == key(j)).for_each(&mut visit);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_are_no_partners() {
        let point = |x: f64| DVec3::new(x, 1.0, -0.0);
        let points1 = [1.0, 2.0, 1.0, 1.0, 4.0, 5.0].map(point);
        let points2 = [7.0, 8.0, 7.0, 9.0, 9.0, 0.0].map(point);
        let sharing = Sharing::of([&points1, &points2]).unwrap();
        assert_eq!(sharing.partners, [2, 1, 2, 2, 2, 1]);
        assert_eq!(sharing.original, [0, 1, 0, 3, 4, 5]);
        assert!(Sharing::of([&points1[3..], &points1[3..]]).is_none());
    }
}
