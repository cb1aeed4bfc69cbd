// Whatever is wrong gives a status and says what was expected and what came.

#include "scene.h"
#include <stdint.h>

static scene seen;
static nabla_estimator *estimator;

// The status of a problem, whose result must have it too.
static nabla_status run(const nabla_estimator *with, nabla_problem problem) {
    nabla_result result;
    memset(&result, 0xff, sizeof result); // the rest was never set
    result.struct_size = sizeof result;
    result.inliers = NULL;
    result.inliers_length = 0;
    const nabla_status status = nabla_estimate(with, &problem, &result);
    CHECK(result.status == (int32_t)status);
    CHECK(result.struct_size == sizeof result);
    CHECK(status == NABLA_STATUS_OK || !result.found);
    return status;
}

static void options_and_estimators(void) {
    nabla_options options;
    REFUSED(nabla_options_init(NULL, sizeof options), NABLA_STATUS_BAD_INPUT, "options: expected a pointer");
    REFUSED(nabla_options_init(&options, 3), NABLA_STATUS_BAD_INPUT, "but it is 3");
    REFUSED(nabla_options_init(&options, sizeof options + 8), NABLA_STATUS_BAD_INPUT, "sizeof(nabla_options)");
    CHECK(nabla_options_init(&options, sizeof options) == NABLA_STATUS_OK);

    nabla_estimator *made = estimator; // to be overwritten
    REFUSED(nabla_estimator_create(99, &options, &made), NABLA_STATUS_BAD_INPUT, "expected a nabla_model, 0 to 4, but it is 99");
    REFUSED(nabla_estimator_create(NABLA_MODEL_RIGID, &options, NULL), NABLA_STATUS_BAD_INPUT, "estimator: expected a pointer");
#define BAD_OPTION(field, value, words)                                                                                                    \
    do {                                                                                                                                   \
        nabla_options changed = options;                                                                                                   \
        changed.field = value;                                                                                                             \
        REFUSED(nabla_estimator_create(NABLA_MODEL_FUNDAMENTAL, &changed, &made), NABLA_STATUS_BAD_INPUT, words);                          \
        CHECK(made == NULL);                                                                                                               \
    } while (0)
    BAD_OPTION(struct_size, 0, "struct_size");
    BAD_OPTION(struct_size, SIZE_MAX, "struct_size");
    BAD_OPTION(threshold_px, NAN, "threshold_px");
    BAD_OPTION(threshold_px, -1.0, "threshold_px");
    BAD_OPTION(confidence, 1.5, "confidence: expected a number in 0..1, but got 1.5");
    BAD_OPTION(sample_ratio_below, 0.0, "sample_ratio_below");
    BAD_OPTION(backend, 7, "backend");
    BAD_OPTION(sampler, -1, "sampler");
    BAD_OPTION(score, 3, "score");
    BAD_OPTION(residual, 2, "residual");
    BAD_OPTION(diagnose, 2, "diagnose: expected 0 or 1, but it is 2");
    BAD_OPTION(coherent, -2, "coherent: expected 0, 1 or -1, but it is -2");
    options.min_iterations = 20;
    BAD_OPTION(max_iterations, 10, "min_iterations: expected at most max_iterations, but got 20");
}

static void handles(void) {
    char name[8];
    REFUSED(run(NULL, problem_of(&seen)), NABLA_STATUS_BAD_INPUT, "estimator: expected a pointer");
    int no_estimator = 0;
    REFUSED(run((const nabla_estimator *)(const void *)&no_estimator, problem_of(&seen)), NABLA_STATUS_BAD_HANDLE, "nobody freed");
    nabla_estimator *freed = estimator_of(NABLA_MODEL_FUNDAMENTAL, NABLA_BACKEND_CPU);
    CHECK(nabla_estimator_destroy(freed) == NABLA_STATUS_OK);
    CHECK(nabla_estimator_destroy(NULL) == NABLA_STATUS_OK);
    REFUSED(nabla_estimator_destroy(freed), NABLA_STATUS_BAD_HANDLE, "nobody freed");
    REFUSED(run(freed, problem_of(&seen)), NABLA_STATUS_BAD_HANDLE, "nobody freed");
    REFUSED(nabla_estimator_device(freed, name, sizeof name), NABLA_STATUS_BAD_HANDLE, "nobody freed");
    REFUSED(nabla_estimator_device(estimator, NULL, 8), NABLA_STATUS_BAD_INPUT, "name: expected a pointer");
    REFUSED(nabla_estimator_device(estimator, name, 0), NABLA_STATUS_BAD_INPUT, "capacity");
    CHECK(nabla_estimator_device(estimator, name, 3) == NABLA_STATUS_OK && strcmp(name, "CP") == 0);
}

static void problems(void) {
    nabla_problem problem = problem_of(&seen);
    nabla_result result = {.struct_size = sizeof result};
    REFUSED(nabla_estimate(estimator, NULL, &result), NABLA_STATUS_BAD_INPUT, "problem: expected a pointer");
    REFUSED(nabla_estimate(estimator, &problem, NULL), NABLA_STATUS_BAD_INPUT, "result: expected a pointer");
    result.struct_size = sizeof result - 1;
    REFUSED(nabla_estimate(estimator, &problem, &result), NABLA_STATUS_BAD_INPUT, "sizeof(nabla_result)");
#define BAD_PROBLEM(field, value, words)                                                                                                   \
    do {                                                                                                                                   \
        nabla_problem changed = problem_of(&seen);                                                                                         \
        changed.field = value;                                                                                                             \
        REFUSED(run(estimator, changed), NABLA_STATUS_BAD_INPUT, words);                                                                   \
    } while (0)
    BAD_PROBLEM(struct_size, 0, "sizeof(nabla_problem)");
    BAD_PROBLEM(struct_size, sizeof problem * 2, "sizeof(nabla_problem)");
    BAD_PROBLEM(points1.data, NULL, "points1: expected a pointer");
    BAD_PROBLEM(points2.count, MATCHES - 1, "points2: expected 200 entries, one a match, but there are 199");
    BAD_PROBLEM(points2.count, SIZE_MAX, "points2");
    BAD_PROBLEM(points1.stride_bytes, 15, "stride_bytes of 0 or at least 16, but it is 15");
    BAD_PROBLEM(points1.stride_bytes, SIZE_MAX, "fit in memory");
    BAD_PROBLEM(points2.scalar, 2, "points2: expected the scalar 0 (double) or 1 (float), but it is 2");
    BAD_PROBLEM(threshold_px, NAN, "threshold_px");
    BAD_PROBLEM(threshold_px, -3.0, "threshold_px");

    const float ones[MATCHES] = {1.0f};
    const nabla_array column = {.data = ones, .count = MATCHES, .scalar = NABLA_SCALAR_FLOAT32};
    const nabla_array too_short = {.data = ones, .count = 3, .scalar = NABLA_SCALAR_FLOAT32};
    BAD_PROBLEM(ratios, too_short, "ratios: expected 200 entries, one a match, but there are 3");
    BAD_PROBLEM(weights, column, "weights must be non-negative with at least 7 above zero");
    BAD_PROBLEM(scales1, column, "scales1 and scales2: expected both or none");

    problem.points1.count = problem.points2.count = 6;
    REFUSED(run(estimator, problem), NABLA_STATUS_BAD_INPUT, "at least 7 different matches to sample from, but there are 6");
    problem.points1 = problem.points2 = (nabla_array){0};
    REFUSED(run(estimator, problem), NABLA_STATUS_BAD_INPUT, "but there are 0");
    problem.points1.count = problem.points2.count = SIZE_MAX / 2;
    problem.points1.data = problem.points2.data = &seen;
    REFUSED(run(estimator, problem), NABLA_STATUS_BAD_INPUT, "fit in memory");
    problem.points1.count = problem.points2.count = SIZE_MAX / 64;
    REFUSED(run(estimator, problem), NABLA_STATUS_BAD_INPUT, "fit in memory");

    scene changed = seen;
    changed.points2_px[7][1] = NAN;
    REFUSED(run(estimator, problem_of(&changed)), NABLA_STATUS_BAD_INPUT, "match 7 must be finite, but is NaN");
    for (int i = 0; i < MATCHES; i++) {
        changed.points2_px[i][0] = changed.points2_px[i][1] = 5.0;
    }
    REFUSED(run(estimator, problem_of(&changed)), NABLA_STATUS_BAD_INPUT, "must not all lie on one point");
}

static void masks(void) {
    uint8_t inliers[MATCHES];
    const nabla_problem problem = problem_of(&seen);
    nabla_result result = {.struct_size = sizeof result, .inliers = inliers, .inliers_length = MATCHES - 1};
    REFUSED(nabla_estimate(estimator, &problem, &result), NABLA_STATUS_BAD_INPUT, "_length: expected 200, one a match, but it is 199");
    result.inliers = NULL;
    result.inliers_length = MATCHES;
    REFUSED(nabla_estimate(estimator, &problem, &result), NABLA_STATUS_BAD_INPUT, "result.inliers: expected a pointer");
}

static void cameras(void) {
    nabla_estimator *essential = estimator_of(NABLA_MODEL_ESSENTIAL, NABLA_BACKEND_CPU);
    const double params[9] = {700.0, 700.0, 320.0, 240.0};
    const double lower[9] = {700.0, 0.0, 0.0, 0.0, 700.0, 0.0, 320.0, 240.0, 1.0};
    nabla_camera camera = {.model = "PINHOLE", .params = params, .param_count = 4};
    nabla_problem problem = problem_of(&seen);
    REFUSED(run(essential, problem), NABLA_STATUS_BAD_INPUT, "the intrinsics of both cameras");
    problem.camera1 = problem.camera2 = &camera;
    REFUSED(run(estimator, problem), NABLA_STATUS_BAD_INPUT, "the fundamental model has no use for it");
    CHECK(run(essential, problem) == NABLA_STATUS_OK);
    camera.param_count = 3;
    REFUSED(run(essential, problem), NABLA_STATUS_BAD_INPUT, "expected fx, fy, cx, cy");
    camera.model = "CAMERA OBSCURA";
    REFUSED(run(essential, problem), NABLA_STATUS_BAD_INPUT, "but got CAMERA OBSCURA");
    camera.model = NULL;
    REFUSED(run(essential, problem), NABLA_STATUS_BAD_INPUT, "expected 9 params, or the name of a model, but there are 3");
    camera.params = NULL;
    REFUSED(run(essential, problem), NABLA_STATUS_BAD_INPUT, "camera1.params: expected a pointer");
    camera.params = lower;
    camera.param_count = 9;
    REFUSED(run(essential, problem), NABLA_STATUS_BAD_INPUT, "row-major upper triangular");
    CHECK(nabla_estimator_destroy(essential) == NABLA_STATUS_OK);
}

static void batches(void) {
    nabla_problem two[2] = {problem_of(&seen), problem_of(&seen)};
    nabla_result results[2] = {{.struct_size = sizeof results[0]}, {.struct_size = sizeof results[0]}};
    CHECK(nabla_estimate_batch(estimator, NULL, NULL, 0) == NABLA_STATUS_OK);
    REFUSED(nabla_estimate_batch(estimator, NULL, results, 2), NABLA_STATUS_BAD_INPUT, "problems: expected a pointer");
    REFUSED(nabla_estimate_batch(estimator, two, NULL, 2), NABLA_STATUS_BAD_INPUT, "results: expected a pointer");
    two[0].points1.count = 3;
    REFUSED(nabla_estimate_batch(estimator, two, results, 2), NABLA_STATUS_BAD_INPUT, "problem 0: points2: expected 3 entries");
    CHECK(results[0].status == NABLA_STATUS_BAD_INPUT && !results[0].found);
    CHECK(results[1].status == NABLA_STATUS_OK && results[1].found);
    two[1].struct_size = 0;
    REFUSED(nabla_estimate_batch(estimator, two, results, 2), NABLA_STATUS_BAD_INPUT, "problems 1: expected a struct_size of");
}

static void ranks(void) {
    float probabilities[MATCHES];
    const nabla_problem problem = problem_of(&seen);
    REFUSED(nabla_rank(estimator, &problem, NULL, MATCHES), NABLA_STATUS_BAD_INPUT, "probabilities: expected a pointer");
    REFUSED(nabla_rank(estimator, &problem, probabilities, 5), NABLA_STATUS_BAD_INPUT, "expected 200, one a match, but it is 5");
    nabla_estimator *homography = estimator_of(NABLA_MODEL_HOMOGRAPHY, NABLA_BACKEND_CPU);
    REFUSED(nabla_rank(homography, &problem, probabilities, MATCHES), NABLA_STATUS_BAD_INPUT, "shipped weights");
    CHECK(nabla_estimator_destroy(homography) == NABLA_STATUS_OK);
}

int main(void) {
    CHECK(strcmp(nabla_last_error(), "") == 0);
    seen = look(1);
    estimator = estimator_of(NABLA_MODEL_FUNDAMENTAL, NABLA_BACKEND_CPU);
    options_and_estimators();
    handles();
    problems();
    masks();
    cameras();
    batches();
    ranks();
    CHECK(run(estimator, problem_of(&seen)) == NABLA_STATUS_OK);
    CHECK(nabla_estimator_destroy(estimator) == NABLA_STATUS_OK);
    puts("bad input: passed");
    return 0;
}
