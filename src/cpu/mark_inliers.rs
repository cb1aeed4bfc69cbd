//! mark inliers.
