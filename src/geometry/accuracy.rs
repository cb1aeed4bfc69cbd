//! Pose errors, area under the recall curve, F1 and epipolar errors: how good an estimate is against the truth.
