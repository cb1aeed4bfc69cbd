// Homography x2 ~ H x1 of four matches in closed form.
//
// With x4 and y4 as origins, H = Σ (eᵢ/dᵢ) yᵢ (xⱼ × xₖ)ᵀ over the cyclic (i, j, k), where dᵢ and eᵢ are the doubled areas of
// the triangles (j, k, 4) in the two images: both quadrangles are sent to the same projective basis (Hartley and Zisserman
// 2004, section 4.1).
// In: 4 × (x1 y1 x2 y2). Out: at most one H of Frobenius norm 1 that maps the four to positive third coordinates. None
// where three points of a side are collinear or repeated, or where a triple of points changes its orientation, which no
// camera sees of a plane.

fn run_hypothesis(hypothesis: u32) {
    let first = 4u * hypothesis;
    let h = homography_of_four(points[first], points[first + 1u], points[first + 2u], points[first + 3u]);
    model_counts[hypothesis] = select(0u, 1u, write_matrix(hypothesis, h));
}
