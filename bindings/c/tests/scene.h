// Matches of a made-up scene, and what a test asks for.

#ifndef SCENE_H
#define SCENE_H

#include <math.h>
#include <nabla_ransac.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MATCHES 200

typedef struct {
    double points1_px[MATCHES][2];
    double points2_px[MATCHES][2];
} scene;

// Two views of random points, the second from half a metre to the right; one match in four is wrong.
static inline scene look(unsigned seed) {
    scene seen;
    srand(seed);
    for (int i = 0; i < MATCHES; i++) {
        const double x = 4.0 * rand() / RAND_MAX - 2.0, y = 4.0 * rand() / RAND_MAX - 2.0, z = 4.0 + 4.0 * rand() / RAND_MAX;
        const int wrong = i % 4 == 0;
        seen.points1_px[i][0] = 700.0 * x / z + 320.0;
        seen.points1_px[i][1] = 700.0 * y / z + 240.0;
        seen.points2_px[i][0] = wrong ? 640.0 * rand() / RAND_MAX : 700.0 * (x - 0.5) / z + 320.0;
        seen.points2_px[i][1] = wrong ? 480.0 * rand() / RAND_MAX : 700.0 * y / z + 240.0;
    }
    return seen;
}

static inline nabla_problem problem_of(const scene *seen) {
    nabla_problem problem = {
        .struct_size = sizeof problem,
        .points1 = {.data = seen->points1_px, .count = MATCHES},
        .points2 = {.data = seen->points2_px, .count = MATCHES},
    };
    return problem;
}

static inline void fail(const char *file, int line, const char *what) {
    fprintf(stderr, "%s:%d: %s; the last error is: %s\n", file, line, what, nabla_last_error());
    exit(1);
}

#define CHECK(condition) ((condition) ? (void)0 : fail(__FILE__, __LINE__, #condition))
// That a call fails with a status and a text that has these words.
#define REFUSED(call, expected, words)                                                                                                     \
    CHECK((call) == (expected));                                                                                                           \
    CHECK(strstr(nabla_last_error(), words) != NULL)

static inline nabla_estimator *estimator_of(nabla_model model, nabla_backend backend) {
    nabla_options options;
    CHECK(nabla_options_init(&options, sizeof options) == NABLA_STATUS_OK);
    options.backend = backend;
    nabla_estimator *estimator = NULL;
    CHECK(nabla_estimator_create(model, &options, &estimator) == NABLA_STATUS_OK);
    return estimator;
}

#endif
