//! How well a quality of each match, higher better, tells right matches from wrong ones.

/// Area under the receiver operating characteristic: the share of the pairs of a right and a wrong match in which the right
/// one has the higher quality; ties count half. `None` where all are right or all are wrong.
pub fn auroc(quality: &[f32], right: &[bool]) -> Option<f64> {
    let (mut wrong_above, mut losses, mut all_right) = (0.0, 0.0, 0.0);
    for [right, wrong] in groups_of_equals(quality, right) {
        losses += right * (wrong_above + 0.5 * wrong);
        wrong_above += wrong;
        all_right += right;
    }
    let pairs = all_right * wrong_above;
    (pairs > 0.0).then(|| 1.0 - losses / pairs)
}

/// Average precision: the mean over the right matches of the precision among all matches of at least their quality.
/// `None` where no match is right.
pub fn average_precision(quality: &[f32], right: &[bool]) -> Option<f64> {
    let (mut right_above, mut above, mut sum) = (0.0, 0.0, 0.0);
    for [right, wrong] in groups_of_equals(quality, right) {
        right_above += right;
        above += right + wrong;
        sum += right * right_above / above;
    }
    (right_above > 0.0).then(|| sum / right_above)
}

/// From the highest quality down: how many right and how many wrong matches have it. NaN is below all numbers.
fn groups_of_equals(quality: &[f32], right: &[bool]) -> Vec<[f64; 2]> {
    let value = |index: usize| if quality[index].is_nan() { f32::NEG_INFINITY } else { quality[index] };
    let mut order: Vec<usize> = (0..quality.len().min(right.len())).collect();
    order.sort_unstable_by(|&a, &b| value(b).total_cmp(&value(a)));
    let groups = order.chunk_by(|&a, &b| value(a) == value(b));
    let count = |group: &[usize], wanted: bool| group.iter().filter(|&&index| right[index] == wanted).count() as f64;
    groups.map(|group| [count(group, true), count(group, false)]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_perfect_order_has_one_and_the_reverse_none() {
        let right = [true, true, false, false];
        assert_eq!(auroc(&[4.0, 3.0, 2.0, 1.0], &right), Some(1.0));
        assert_eq!(auroc(&[1.0, 2.0, 3.0, 4.0], &right), Some(0.0));
        assert_eq!(average_precision(&[4.0, 3.0, 2.0, 1.0], &right), Some(1.0));
        // precisions 1/3 and 2/4
        assert_eq!(average_precision(&[1.0, 2.0, 3.0, 4.0], &right), Some((1.0 / 3.0 + 0.5) / 2.0));
    }

    #[test]
    fn equal_qualities_count_half_whatever_their_order() {
        for right in [[true, false, false], [false, true, false], [false, false, true]] {
            assert_eq!(auroc(&[0.5; 3], &right), Some(0.5));
            assert_eq!(average_precision(&[0.5; 3], &right), Some(1.0 / 3.0));
        }
        // against the wrong ones: above one, equal to the other
        assert_eq!(auroc(&[2.0, 2.0, 1.0], &[true, false, false]), Some(0.75));
        assert_eq!(auroc(&[0.0, -0.0], &[true, false]), Some(0.5));
    }

    #[test]
    fn one_class_alone_has_no_area_and_nan_is_last() {
        assert_eq!(auroc(&[1.0, 2.0], &[true, true]), None);
        assert_eq!(auroc(&[], &[]), None);
        assert_eq!(average_precision(&[1.0, 2.0], &[false, false]), None);
        assert_eq!(average_precision(&[1.0, 2.0], &[true, true]), Some(1.0));
        assert_eq!(auroc(&[f32::NAN, 0.1], &[false, true]), Some(1.0));
    }
}
