// Where photographs of a known scene were taken, from 300 matches each of pixels to points in the world, of which four in ten are wrong;
// three photographs in one call. The camera has a lens with distortion. The scene is made up.
//
//     camera_pose [auto|gpu|cpu]

#include <nabla_ransac.hpp>

#include <array>
#include <cstdio>
#include <random>
#include <string>
#include <vector>

namespace {

using Pixel = std::array<float, 2>;
using Point = std::array<double, 3>;

constexpr double FOCAL_PX = 700.0;
constexpr double K1 = -0.1; // of the radial distortion

struct Photograph {
    std::vector<Pixel> pixels;
    std::vector<Point> world;
};

// What the camera sees from a place, looking along z.
Photograph photograph(const Point &place, std::mt19937 &random) {
    std::uniform_real_distribution<double> across(-2.0, 2.0), away(4.0, 9.0), anywhere(0.0, 1.0);
    Photograph seen;
    for (int i = 0; i < 300; i++) {
        const Point p{across(random), across(random), away(random)};
        const double depth = p[2] - place[2];
        const double x = (p[0] - place[0]) / depth, y = (p[1] - place[1]) / depth;
        const double scale = FOCAL_PX * (1.0 + K1 * (x * x + y * y));
        Pixel pixel{static_cast<float>(scale * x + 320.0), static_cast<float>(scale * y + 240.0)};
        if (i % 10 < 4) {
            pixel = {static_cast<float>(640.0 * anywhere(random)), static_cast<float>(480.0 * anywhere(random))};
        }
        seen.pixels.push_back(pixel);
        seen.world.push_back(p);
    }
    return seen;
}

nabla_backend backend_of(const std::string &name) {
    return name == "gpu" ? NABLA_BACKEND_GPU : name == "cpu" ? NABLA_BACKEND_CPU : NABLA_BACKEND_AUTO;
}

} // namespace

int main(int argc, char **argv) try {
    std::mt19937 random(1);
    std::vector<Photograph> photographs;
    for (const Point &place : {Point{0.3, 0.0, 0.0}, Point{-0.5, 0.2, 0.1}, Point{0.0, -0.4, 0.8}}) {
        photographs.push_back(photograph(place, random));
    }

    nabla_ransac::Options options;
    options.backend = backend_of(argc > 1 ? argv[1] : "auto");
    const nabla_ransac::Estimator estimator(NABLA_MODEL_POSE, options);
    std::vector<nabla_ransac::Problem> problems;
    for (const Photograph &photograph : photographs) {
        problems.emplace_back(nabla_ransac::view(photograph.pixels), nabla_ransac::view(photograph.world));
        problems.back().camera1 = nabla_ransac::Camera("OPENCV", {FOCAL_PX, FOCAL_PX, 320.0, 240.0, K1, 0.0, 0.0, 0.0});
    }
    for (const nabla_ransac::Estimate &estimate : estimator.estimate_batch(problems)) {
        if (!estimate) {
            std::fprintf(stderr, "the matches have no pose in common\n");
            return 1;
        }
        const double *t = estimate.motion.translation;
        std::printf("%zu of %zu matches are inliers (%s), the camera is at about %.3f %.3f %.3f\n", estimate.inlier_count,
                    estimate.mask.size(), estimator.device().c_str(), -t[0], -t[1], -t[2]);
    }
    return 0;
} catch (const nabla_ransac::Error &error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
}
