// The C++ wrapper with the containers of Eigen and OpenCV, all of the same points: what comes out is the same.

#include <nabla_ransac.hpp>

#include <Eigen/Core>
#include <Eigen/Geometry>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <opencv2/core.hpp>
#include <random>

namespace nr = nabla_ransac;

#define CHECK(condition) ((condition) ? (void)0 : fail(__LINE__, #condition))

namespace {

void fail(int line, const char *what) {
    std::fprintf(stderr, "wrapper.cpp:%d: %s; the last error is: %s\n", line, what, nabla_last_error());
    std::exit(1);
}

constexpr int MATCHES = 120;
const Eigen::Quaterniond ROTATION(Eigen::AngleAxisd(0.2, Eigen::Vector3d(1.0, 2.0, -1.0).normalized()));
const Eigen::Vector3d TRANSLATION(-0.6, 0.0, 0.8);

// Pixels in two views and points in their two frames, a column each; every fourth match is wrong.
struct Scene {
    Eigen::Matrix2Xd pixels1{2, MATCHES}, pixels2{2, MATCHES};
    Eigen::Matrix3Xd points1{3, MATCHES}, points2{3, MATCHES};

    Scene() {
        std::mt19937 random(7);
        std::uniform_real_distribution<double> side(-1.0, 1.0);
        for (int i = 0; i < MATCHES; i++) {
            points1.col(i) = Eigen::Vector3d(2.0 * side(random), 2.0 * side(random), 6.0 + 2.0 * side(random));
            points2.col(i) = ROTATION * points1.col(i) + TRANSLATION;
            if (i % 4 == 0) {
                points2.col(i) += Eigen::Vector3d(side(random), side(random), side(random));
            }
            // in single precision, so that nothing is lost on the way through it
            pixels1.col(i) = (700.0 * points1.col(i).hnormalized().array() + 300.0).cast<float>().cast<double>();
            pixels2.col(i) = (700.0 * points2.col(i).hnormalized().array() + 300.0).cast<float>().cast<double>();
        }
    }
};

nr::Estimator estimator_of(nabla_model model) {
    nr::Options options;
    options.backend = NABLA_BACKEND_CPU;
    return nr::Estimator(model, options);
}

bool is_true(const nabla_motion &motion, const Eigen::Vector3d &translation) {
    using RowMajor = Eigen::Matrix<double, 3, 3, Eigen::RowMajor>;
    const Eigen::Map<const RowMajor> rotation(motion.rotation);
    const double *q = motion.quaternion;
    const bool same = Eigen::Quaterniond(q[0], q[1], q[2], q[3]).toRotationMatrix().isApprox(rotation, 1e-9);
    return same && Eigen::Quaterniond(Eigen::Matrix3d(rotation)).angularDistance(ROTATION) < 1e-3 &&
           Eigen::Map<const Eigen::Vector3d>(motion.translation).isApprox(translation, 1e-2);
}

bool same(const nr::Estimate &a, const nr::Estimate &b) {
    return a && b && a.mask == b.mask && std::memcmp(a.matrix, b.matrix, sizeof a.matrix) == 0;
}

void two_views(const Scene &scene) {
    const nr::Estimator estimator = estimator_of(NABLA_MODEL_ESSENTIAL);
    CHECK(estimator.device() == "CPU");
    nr::Problem eigen(nr::view(scene.pixels1.data(), MATCHES), nr::view(scene.pixels2.data(), MATCHES));
    eigen.camera1 = eigen.camera2 = nr::Camera::pinhole(700.0, 700.0, 300.0, 300.0);
    const nr::Estimate expected = estimator.estimate(eigen);
    CHECK(expected && expected.inlier_count > MATCHES / 2 && expected.mask.size() == MATCHES);
    CHECK(is_true(expected.motion, TRANSLATION));
    CHECK(std::strcmp(nabla_version(), VERSION) == 0);

    // vectors of points in single precision, with a matrix for the camera
    std::vector<cv::Point2f> floats1, floats2;
    std::vector<Eigen::Vector2d> columns1, columns2;
    cv::Mat rows1(MATCHES, 4, CV_64F), rows2(MATCHES, 2, CV_32F);
    for (int i = 0; i < MATCHES; i++) {
        columns1.push_back(scene.pixels1.col(i));
        columns2.push_back(scene.pixels2.col(i));
        floats1.emplace_back(static_cast<float>(scene.pixels1(0, i)), static_cast<float>(scene.pixels1(1, i)));
        floats2.emplace_back(static_cast<float>(scene.pixels2(0, i)), static_cast<float>(scene.pixels2(1, i)));
        rows1.at<double>(i, 1) = scene.pixels1(0, i);
        rows1.at<double>(i, 2) = scene.pixels1(1, i);
        rows2.at<float>(i, 0) = floats2.back().x;
        rows2.at<float>(i, 1) = floats2.back().y;
    }
    const cv::Matx33d k(700.0, 0.0, 300.0, 0.0, 700.0, 300.0, 0.0, 0.0, 1.0);
    nr::Problem opencv(nr::view(floats1), nr::view(floats2));
    opencv.camera1 = opencv.camera2 = nr::Camera(k.val);
    CHECK(same(estimator.estimate(opencv), expected));
    opencv.points1 = nr::view(columns1);
    opencv.points2 = nr::view(columns2);
    CHECK(same(estimator.estimate(opencv), expected));
    // columns 1 and 2 of a matrix with four
    opencv.points1 = nr::view(rows1.ptr<double>() + 1, MATCHES, rows1.step);
    opencv.points2 = nr::view(rows2.ptr<float>(), MATCHES, rows2.step);
    CHECK(same(estimator.estimate(opencv), expected));

    // the network's probabilities as weights are what it does itself
    const std::vector<float> probabilities = estimator.rank(eigen);
    eigen.weights = nr::view(probabilities);
    CHECK(same(estimator.estimate(eigen), expected));
    CHECK(probabilities[0] < 0.5F && probabilities[1] > 0.5F);
}

void batches(const Scene &scene) {
    const nr::Estimator estimator = estimator_of(NABLA_MODEL_HOMOGRAPHY);
    const nr::Problem good(nr::view(scene.pixels1.data(), MATCHES), nr::view(scene.pixels2.data(), MATCHES));
    const nr::Problem bad(good.points1, nr::view(scene.pixels2.data(), 3));
    const nr::Estimate alone = estimator.estimate(good);
    CHECK(same(estimator.estimate_batch({good, good})[1], alone));
    std::string faults;
    const std::vector<nr::Estimate> both = estimator.estimate_batch({bad, good}, &faults);
    CHECK(!both[0] && both[0].status == NABLA_STATUS_BAD_INPUT && same(both[1], alone));
    CHECK(faults == "problem 0: points2: expected 120 entries, one a match, but there are 3");
    try {
        estimator.estimate_batch({good, bad});
        CHECK(!"it throws");
    } catch (const nr::Error &error) {
        CHECK(error.status() == NABLA_STATUS_BAD_INPUT && std::strstr(error.what(), "problem 1: points2") != nullptr);
    }
    CHECK(estimator.estimate_batch({}).empty());
}

void space(const Scene &scene) {
    nr::Options options;
    options.backend = NABLA_BACKEND_CPU;
    options.threshold_px = 0.01;
    const nr::Estimator rigid(NABLA_MODEL_RIGID, options);
    const auto points1 = nr::view(scene.points1.data(), MATCHES), points2 = nr::view(scene.points2.data(), MATCHES);
    const nr::Estimate moved = rigid.estimate(nr::Problem(points1, points2));
    CHECK(moved && moved.inlier_count == MATCHES * 3 / 4 && is_true(moved.motion, TRANSLATION));

    // image 2 sees the points where frame 1 has them: camera_from_world is the motion
    nr::Problem query(nr::view(scene.pixels2.data(), MATCHES), points1);
    query.camera1 = nr::Camera("SIMPLE_PINHOLE", {700.0, 300.0, 300.0});
    const nr::Estimate pose = estimator_of(NABLA_MODEL_POSE).estimate(query);
    CHECK(pose && pose.inlier_count >= MATCHES * 3 / 4 && is_true(pose.motion, TRANSLATION));
}

} // namespace

int main() {
    const Scene scene;
    two_views(scene);
    batches(scene);
    space(scene);
    std::puts("wrapper: passed");
    return 0;
}
