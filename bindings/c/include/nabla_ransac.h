// nabla-ransac: robust estimation of two-view geometry, camera pose and rigid motion, on any GPU and without one.
//
// Made by cbindgen of bindings/c/src: change it there.
//
// Conventions: pixels have x to the right and y down; pixels and principal points only have to agree on where the centre of the top-left
// pixel is. x2 ~ K2 (R inverse(K1) x1 depth + t), E = [t]x R, transpose(x2) F x1 = 0, x2 ~ H x1, x_camera = R X_world + t. Matrices are
// row-major, quaternions w x y z.
//
// Every function returns a nabla_status; nabla_last_error says what was expected and what came. Nothing is thrown, and nothing that the
// caller has to free is given but estimators.
//
// Pointers must be NULL or to as many values as their counts say: that is all that is taken on trust. Null pointers, sizes and counts that
// do not fit together, and estimators that were freed or never were, are told.
//
// Threads: every function may be called from any thread at any time, with the same estimator too; a call reads its problem and writes its
// result, which no other thread may write meanwhile. Estimators do not survive a fork.


#ifndef NABLA_RANSAC_H
#define NABLA_RANSAC_H

#include <stddef.h>
#include <stdint.h>

// What every function returns.
typedef enum nabla_status {
    // Done. That matches give no model is no error.
    NABLA_STATUS_OK = 0,
    // An argument, an option or the matches are not what was expected.
    NABLA_STATUS_BAD_INPUT = 1,
    // The estimator is none of those that are alive: it was freed, or never made.
    NABLA_STATUS_BAD_HANDLE = 2,
    // No GPU, or one that failed or has too little memory.
    NABLA_STATUS_DEVICE = 3,
    // A fault of the library itself.
    NABLA_STATUS_INTERNAL = 4,
} nabla_status;

// What is estimated.
typedef enum nabla_model {
    // Relative pose of two calibrated cameras, camera2_from_camera1 with a translation of length 1: 5 matches.
    NABLA_MODEL_ESSENTIAL = 0,
    // Epipolar geometry of two uncalibrated cameras: 7 matches.
    NABLA_MODEL_FUNDAMENTAL = 1,
    // Plane to plane, or rotation about the camera's centre: 4 matches.
    NABLA_MODEL_HOMOGRAPHY = 2,
    // camera_from_world of a calibrated camera: 3 matches of pixels to points in the world.
    NABLA_MODEL_POSE = 3,
    // points2_from_points1, rotation and translation: 3 matches of 3-D points.
    NABLA_MODEL_RIGID = 4,
} nabla_model;

// Where the work runs.
typedef enum nabla_backend {
    // A real GPU where there is one, else the CPU.
    NABLA_BACKEND_AUTO = 0,
    // Any adapter, software ones included.
    NABLA_BACKEND_GPU = 1,
    // The CPU.
    NABLA_BACKEND_CPU = 2,
} nabla_backend;

// How minimal samples are drawn.
typedef enum nabla_sampler {
    // Matches for an essential or fundamental matrix are ranked by the network that ships, unless they have weights; others go by
    // weights and SNN ratios, where there are any.
    NABLA_SAMPLER_AUTO = 0,
    // Every match alike; no network.
    NABLA_SAMPLER_UNIFORM = 1,
    // By the SNN ratios; no network.
    NABLA_SAMPLER_RATIO = 2,
    // In proportion to the weights; no network.
    NABLA_SAMPLER_WEIGHTS = 3,
} nabla_sampler;

// How models are scored.
typedef enum nabla_score {
    // By the number of inliers.
    NABLA_SCORE_RANSAC = 0,
    // Truncated squares.
    NABLA_SCORE_MSAC = 1,
    // MAGSAC++.
    NABLA_SCORE_MAGSACPP = 2,
} nabla_score;

// How far a match is from an epipolar geometry.
typedef enum nabla_residual {
    // First-order distance.
    NABLA_RESIDUAL_SAMPSON = 0,
    // Distances from epipolar lines; fundamental matrices only.
    NABLA_RESIDUAL_SYMMETRIC = 1,
} nabla_residual;

// The type of the numbers of a nabla_array.
typedef enum nabla_scalar {
    // double
    NABLA_SCALAR_FLOAT64 = 0,
    // float
    NABLA_SCALAR_FLOAT32 = 1,
} nabla_scalar;

// An estimator: made once, used for any number of problems, from any number of threads.
typedef struct nabla_estimator nabla_estimator;

// Options of an estimator. Put the defaults in by nabla_options_init, then change what is to be otherwise.
typedef struct nabla_options {
    // sizeof(nabla_options); nabla_options_init sets it.
    size_t struct_size;
    // Inlier threshold, pixels; for rigid transforms in the unit of the points.
    double threshold_px;
    // Stop once a sample of the best model's inliers only was drawn with this probability.
    double confidence;
    // Matches with a higher SNN ratio are scored but never sampled.
    double sample_ratio_below;
    // Threads of the CPU over the problems of a batch; 0 takes one a core.
    size_t threads;
    // Hypotheses drawn at least; 0 leaves it to the library.
    uint32_t min_iterations;
    // Hypotheses drawn at most; 0 leaves it to the library. Equal to min_iterations, the number is fixed.
    uint32_t max_iterations;
    // Inliers that a model has at least.
    uint32_t min_inliers;
    // A nabla_backend.
    int32_t backend;
    // A nabla_sampler.
    int32_t sampler;
    // A nabla_score.
    int32_t score;
    // A nabla_residual.
    int32_t residual;
    // 1 if of the matches of one point to different ones at most one can be right, else 0.
    int32_t one_to_one;
    // 1 if scales and orientations of key points help to choose, where they are given, else 0.
    int32_t key_points;
    // 1 to refit on all matches with their weights, without sampling, else 0.
    int32_t use_all;
    // 1 to look for planes, second motions and what else the matches leave open, else 0.
    int32_t diagnose;
    // Whether weights, or else ratios, scale each match's part of the score: 1, 0, or -1 as suits the sampler.
    int32_t weigh_score;
    // Whether they scale its part of the refinement: 1, 0, or -1 as suits the sampler.
    int32_t weigh_refinement;
    // Whether the winner is refined by how far the neighbours of a match agree with it: 1, 0, or -1 as suits the sampler.
    int32_t coherent;
} nabla_options;

// Rows of numbers in the caller's memory: points of 2 or 3 coordinates, or one number a row. All zero, none are given.
typedef struct nabla_array {
    // The first number of the first row; those of a row lie side by side.
    const void *data;
    // How many rows.
    size_t count;
    // Bytes from one row to the next; 0 where each follows the one before.
    size_t stride_bytes;
    // The type of the numbers: a nabla_scalar.
    int32_t scalar;
} nabla_array;

// The intrinsics of a camera, pixels.
typedef struct nabla_camera {
    // COLMAP's name of the model of the lens, as "PINHOLE" (fx, fy, cx, cy) or "OPENCV" (fx, fy, cx, cy, k1, k2, p1, p2); points are
    // undistorted by it, and those that cannot be are never inliers. NULL: the parameters are the 9 entries of the row-major matrix K.
    const char *model;
    // The parameters, in COLMAP's order.
    const double *params;
    // How many.
    size_t param_count;
} nabla_camera;

// The matches of one problem, and what is known of each. Set all to zero, then struct_size and what there is; arrays that are not given
// stay zero, the others have a row a match. Nothing is kept of it when the call returns.
typedef struct nabla_problem {
    // sizeof(nabla_problem).
    size_t struct_size;
    // Two views and pose: x, y in image 1, pixels. Rigid: x, y, z in frame 1.
    struct nabla_array points1;
    // Two views: x, y in image 2, pixels. Pose: x, y, z in the world. Rigid: x, y, z in frame 2.
    struct nabla_array points2;
    // SNN ratio of each match; lower is more likely right.
    struct nabla_array ratios;
    // How likely each match is right, or another weight of at least 0. Matches that have weights are not ranked by the network.
    struct nabla_array weights;
    // Diameters of the key points in image 1, pixels; with those in image 2.
    struct nabla_array scales1;
    // Diameters of the key points in image 2, pixels.
    struct nabla_array scales2;
    // Orientations of the key points in image 1, degrees from x to y; with those in image 2.
    struct nabla_array angles1;
    // Orientations of the key points in image 2, degrees from x to y.
    struct nabla_array angles2;
    // The camera of image 1: for essential matrices and poses only.
    const struct nabla_camera *camera1;
    // The camera of image 2: for essential matrices only.
    const struct nabla_camera *camera2;
    // Threshold of this problem in place of the estimator's, or 0.
    double threshold_px;
    // The same seed draws the same samples, on every backend.
    uint64_t seed;
} nabla_problem;

// A motion: y = rotation x + translation.
typedef struct nabla_motion {
    // Row-major.
    double rotation[9];
    // The same rotation as a unit quaternion w x y z.
    double quaternion[4];
    // The translation.
    double translation[3];
} nabla_motion;

// What was found. Set struct_size, inliers and inliers_length; the rest is written, and 0 where there is nothing.
typedef struct nabla_result {
    // sizeof(nabla_result).
    size_t struct_size;
    // The caller's memory for the mask, or NULL: 1 for each match within the threshold and, where there is depth, in front; else 0. It
    // is written where the problem has no fault.
    uint8_t *inliers;
    // Its length: one a match.
    size_t inliers_length;
    // How many matches are inliers.
    size_t inlier_count;
    // The score of the model.
    double score;
    // The probability with which a sample of its inliers only was among those drawn.
    double confidence;
    // E, F or H, row-major.
    double matrix[9];
    // Essential: camera2_from_camera1; pose: camera_from_world; rigid: points2_from_points1.
    struct nabla_motion motion;
    // The best motion that clearly differs, where has_second_motion.
    struct nabla_motion second_motion;
    // Its score.
    double second_score;
    // The homography that explains the most inliers, row-major, pixels, where has_homography.
    double homography[9];
    // How many it explains.
    size_t homography_inlier_count;
    // Hypotheses drawn.
    uint32_t iterations;
    // The nabla_status of this problem.
    int32_t status;
    // 1 if there is a model, else 0.
    int32_t found;
    // 1 if the hypotheses ended before the confidence asked for was reached, else 0.
    int32_t budget_spent;
    // 1 if one homography explains most inliers (a planar scene or no translation), else 0.
    int32_t planar;
    // 1 if a rotation alone explains most inliers, so that the translation is not determined, else 0.
    int32_t rotation_only;
    // 1 if the second motion explains the matches nearly as well, so that either may be right, else 0.
    int32_t ambiguous;
    // 1 if the inliers of a pose or rigid transform lie on a line, so that a turn about it is not determined, else 0.
    int32_t rotation_undetermined;
    // 1 if there is a second motion, else 0.
    int32_t has_second_motion;
    // 1 if there is a homography, else 0.
    int32_t has_homography;
} nabla_result;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

// What was expected and what came, of the last call on this thread that failed; empty before. One line for each problem of a batch that
// failed. The text is the library's, and stays until a call on this thread fails again or the thread ends.
const char *nabla_last_error(void);

// The version of the library, as "0.1.0".
const char *nabla_version(void);

// Puts the defaults into options; struct_size is sizeof(nabla_options).
enum nabla_status nabla_options_init(struct nabla_options *options, size_t struct_size);

// Makes an estimator of a nabla_model. Options that are NULL are the defaults. It may take a second, for devices and shaders; where
// it fails, the estimator is NULL.
enum nabla_status nabla_estimator_create(int32_t model, const struct nabla_options *options, struct nabla_estimator **estimator);

// Frees an estimator; NULL is none. Calls at work with it on other threads are not disturbed.
enum nabla_status nabla_estimator_destroy(struct nabla_estimator *estimator);

// Where an estimator works: the name of the adapter, or "CPU"; as much of it as the capacity allows, which counts the final 0.
enum nabla_status nabla_estimator_device(const struct nabla_estimator *estimator, char *name, size_t capacity);

// Estimates the model of one problem. Where none is found the status is NABLA_STATUS_OK, and found is 0.
enum nabla_status nabla_estimate(const struct nabla_estimator *estimator, const struct nabla_problem *problem, struct nabla_result *result);

// nabla_estimate of so many problems in one call: on all cores, or side by side on the GPU. Each result has its own status; that of the
// call is the first that is not NABLA_STATUS_OK. All structs of an array have the same struct_size.
enum nabla_status nabla_estimate_batch(const struct nabla_estimator *estimator,
                                       const struct nabla_problem *problems,
                                       struct nabla_result *results,
                                       size_t count);

// How likely each match of a problem is right, as the network says that ships for essential and fundamental matrices, into the caller's
// memory: one a match.
enum nabla_status nabla_rank(const struct nabla_estimator *estimator,
                             const struct nabla_problem *problem,
                             float *probabilities,
                             size_t length);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* NABLA_RANSAC_H */
