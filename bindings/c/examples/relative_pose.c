// The motion between two photographs from 500 matches, of which three in ten are wrong. The scene is made up.
//
//     relative_pose [auto|gpu|cpu]

#include <math.h>
#include <nabla_ransac.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MATCHES 500

static const double FOCAL_PX = 800.0;
static const double CENTRE_PX[2] = {320.0, 240.0};

static double between(double low, double high) {
    return low + (high - low) * rand() / (double)RAND_MAX;
}

// Points in front of the cameras; the second stands half a metre to the right of the first and is turned by .1 rad to the left.
static void look(double points1_px[MATCHES][2], double points2_px[MATCHES][2]) {
    const double c = cos(0.1), s = sin(0.1);
    for (int i = 0; i < MATCHES; i++) {
        const double x = between(-2.0, 2.0), y = between(-1.5, 1.5), z = between(4.0, 8.0);
        const double x2 = c * (x - 0.5) + s * z, z2 = -s * (x - 0.5) + c * z;
        points1_px[i][0] = FOCAL_PX * x / z + CENTRE_PX[0];
        points1_px[i][1] = FOCAL_PX * y / z + CENTRE_PX[1];
        points2_px[i][0] = FOCAL_PX * x2 / z2 + CENTRE_PX[0];
        points2_px[i][1] = FOCAL_PX * y / z2 + CENTRE_PX[1];
        if (i % 10 < 3) {
            points2_px[i][0] = between(0.0, 640.0);
            points2_px[i][1] = between(0.0, 480.0);
        }
    }
}

static void check(nabla_status status) {
    if (status != NABLA_STATUS_OK) {
        fprintf(stderr, "%s\n", nabla_last_error());
        exit(1);
    }
}

static int32_t backend_of(const char *name) {
    if (strcmp(name, "gpu") == 0) {
        return NABLA_BACKEND_GPU;
    }
    return strcmp(name, "cpu") == 0 ? NABLA_BACKEND_CPU : NABLA_BACKEND_AUTO;
}

int main(int argc, char **argv) {
    static double points1_px[MATCHES][2], points2_px[MATCHES][2];
    look(points1_px, points2_px);

    nabla_options options;
    check(nabla_options_init(&options, sizeof options));
    options.backend = backend_of(argc > 1 ? argv[1] : "auto");
    nabla_estimator *estimator;
    check(nabla_estimator_create(NABLA_MODEL_ESSENTIAL, &options, &estimator));
    char device[100];
    check(nabla_estimator_device(estimator, device, sizeof device));

    const double intrinsics[] = {FOCAL_PX, FOCAL_PX, CENTRE_PX[0], CENTRE_PX[1]};
    const nabla_camera camera = {.model = "PINHOLE", .params = intrinsics, .param_count = 4};
    const nabla_problem problem = {
        .struct_size = sizeof problem,
        .points1 = {.data = points1_px, .count = MATCHES},
        .points2 = {.data = points2_px, .count = MATCHES},
        .camera1 = &camera,
        .camera2 = &camera,
    };
    uint8_t inliers[MATCHES];
    nabla_result result = {.struct_size = sizeof result, .inliers = inliers, .inliers_length = MATCHES};
    check(nabla_estimate(estimator, &problem, &result));
    check(nabla_estimator_destroy(estimator));
    if (!result.found) {
        fprintf(stderr, "the matches have no motion in common\n");
        return 1;
    }

    const double *q = result.motion.quaternion, *t = result.motion.translation;
    printf("%zu of %d matches are inliers (%s)\n", result.inlier_count, MATCHES, device);
    printf("rotation w x y z: %.4f %.4f %.4f %.4f, .1 rad about y is 0.9988 0 0.0500 0\n", q[0], q[1], q[2], q[3]);
    printf("direction of the translation: %.4f %.4f %.4f\n", t[0], t[1], t[2]);
    return 0;
}
