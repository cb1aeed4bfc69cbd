// nabla-ransac for C++17: what nabla_ransac.h has, with owners, containers and exceptions. Conventions and thread safety are those there.
//
// Points of OpenCV, Eigen and others go in where they lie: view(vector of cv::Point2f), view(mat.ptr<double>(), mat.rows, mat.step),
// view(matrix.data(), matrix.cols()) of an Eigen matrix with a column a point. Matrices come out row-major:
// Eigen::Map<const Eigen::Matrix<double, 3, 3, Eigen::RowMajor>>(estimate.motion.rotation), cv::Mat(3, 3, CV_64F, estimate.matrix).

#ifndef NABLA_RANSAC_HPP
#define NABLA_RANSAC_HPP

#include "nabla_ransac.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace nabla_ransac {

// What every function throws whose call to the library fails.
class Error : public std::runtime_error {
public:
    Error(nabla_status status, const std::string &text) : std::runtime_error(text), status_(status) {}

    nabla_status status() const noexcept { return status_; }

private:
    nabla_status status_;
};

inline void check(nabla_status status) {
    if (status != NABLA_STATUS_OK) {
        throw Error(status, nabla_last_error());
    }
}

// Points of 2 or 3 coordinates, or a number a match: so many rows of double or float where they lie, each so many bytes after the one
// before; 0 where they follow each other. They must live until the call that they go into is over.
template <class Scalar> nabla_array view(const Scalar *data, std::size_t count, std::size_t stride_bytes = 0) {
    static_assert(std::is_same_v<Scalar, double> || std::is_same_v<Scalar, float>, "numbers are double or float");
    const int32_t scalar = std::is_same_v<Scalar, double> ? NABLA_SCALAR_FLOAT64 : NABLA_SCALAR_FLOAT32;
    return {data, count, stride_bytes, scalar};
}

// The elements of a container that lie side by side: numbers, or points whose first bytes are their coordinates, of a type that they call
// value_type (as those of OpenCV, Eigen, GLM and std::array).
template <class Container, class = decltype(std::declval<const Container &>().size())>
nabla_array view(const Container &container) {
    using Element = std::remove_const_t<std::remove_pointer_t<decltype(container.data())>>;
    if constexpr (std::is_arithmetic_v<Element>) {
        return view(container.data(), container.size());
    } else {
        using Scalar = typename Element::value_type;
        static_assert(std::is_standard_layout_v<Element>, "the coordinates come first");
        return view(reinterpret_cast<const Scalar *>(container.data()), container.size(), sizeof(Element));
    }
}
template <class Container> nabla_array view(const Container &&) = delete; // it would be gone before the call

// The intrinsics of a camera, pixels.
class Camera {
public:
    static Camera pinhole(double fx, double fy, double cx, double cy) { return Camera("PINHOLE", {fx, fy, cx, cy}); }

    // One of COLMAP's models by its name, with its parameters.
    Camera(std::string model, std::vector<double> params) : model_(std::move(model)), params_(std::move(params)) {}

    // The 9 entries of the row-major matrix K.
    explicit Camera(const double *row_major_k) : params_(row_major_k, row_major_k + 9) {}

    nabla_camera view() const noexcept {
        return {model_ ? model_->c_str() : nullptr, params_.data(), params_.size()};
    }

private:
    std::optional<std::string> model_;
    std::vector<double> params_;
};

// nabla_options with the defaults in it.
struct Options : nabla_options {
    Options() { check(nabla_options_init(this, sizeof(nabla_options))); }
};

// The matches of one problem, and what is known of each, as nabla_problem.
struct Problem {
    nabla_array points1{}, points2{};
    nabla_array ratios{}, weights{}, scales1{}, scales2{}, angles1{}, angles2{};
    std::optional<Camera> camera1, camera2;
    double threshold_px = 0.0;
    std::uint64_t seed = 0;

    Problem(nabla_array first, nabla_array second) : points1(first), points2(second) {}
};

// What was found, as nabla_result.
struct Estimate : nabla_result {
    // One a match: 1 for an inlier, else 0. The pointer of nabla_result is null.
    std::vector<std::uint8_t> mask;

    Estimate(const nabla_result &result, std::vector<std::uint8_t> &&inlier_mask)
        : nabla_result(result), mask(std::move(inlier_mask)) {
        inliers = nullptr;
    }

    explicit operator bool() const noexcept { return found != 0; }
};

// The estimator of one kind of model: made once, used for any number of problems, from any number of threads.
class Estimator {
public:
    explicit Estimator(nabla_model model, const nabla_options &options = Options()) {
        nabla_estimator *made = nullptr;
        check(nabla_estimator_create(model, &options, &made));
        handle_.reset(made);
    }

    // Where it works: the name of the adapter, or CPU.
    std::string device() const {
        char name[256];
        check(nabla_estimator_device(handle_.get(), name, sizeof name));
        return name;
    }

    Estimate estimate(const Problem &problem) const {
        const Cameras cameras = cameras_of(problem);
        const nabla_problem argument = argument_of(problem, cameras);
        nabla_result result{};
        std::vector<std::uint8_t> mask = mask_of(problem, result);
        check(nabla_estimate(handle_.get(), &argument, &result));
        return {result, std::move(mask)};
    }

    // One estimate a problem, in one call. Where problems have faults it throws, with a line for each; or, where there is a place for these
    // lines, it puts them there, and the status of each estimate says which they are.
    std::vector<Estimate> estimate_batch(const std::vector<Problem> &problems, std::string *faults = nullptr) const {
        const std::size_t count = problems.size();
        std::vector<Cameras> cameras(count);
        std::vector<nabla_problem> arguments(count);
        std::vector<nabla_result> results(count);
        std::vector<std::vector<std::uint8_t>> masks(count);
        for (std::size_t i = 0; i < count; i++) {
            cameras[i] = cameras_of(problems[i]);
            arguments[i] = argument_of(problems[i], cameras[i]);
            masks[i] = mask_of(problems[i], results[i]);
        }
        const nabla_status status = nabla_estimate_batch(handle_.get(), arguments.data(), results.data(), count);
        const auto has_fault = [](const nabla_result &result) { return result.status != NABLA_STATUS_OK; };
        const bool is_told = std::any_of(results.begin(), results.end(), has_fault);
        if (faults == nullptr || !is_told) {
            check(status);
        }
        if (faults != nullptr) {
            *faults = is_told ? nabla_last_error() : "";
        }
        std::vector<Estimate> estimates;
        estimates.reserve(count);
        for (std::size_t i = 0; i < count; i++) {
            estimates.push_back({results[i], std::move(masks[i])});
        }
        return estimates;
    }

    // How likely each match is right, for essential and fundamental matrices.
    std::vector<float> rank(const Problem &problem) const {
        const Cameras cameras = cameras_of(problem);
        const nabla_problem argument = argument_of(problem, cameras);
        std::vector<float> probabilities(problem.points1.count);
        check(nabla_rank(handle_.get(), &argument, probabilities.data(), probabilities.size()));
        return probabilities;
    }

private:
    struct Destroy {
        void operator()(nabla_estimator *handle) const noexcept { nabla_estimator_destroy(handle); }
    };
    using Cameras = std::array<nabla_camera, 2>;

    static Cameras cameras_of(const Problem &problem) {
        const nabla_camera none{};
        return {problem.camera1 ? problem.camera1->view() : none, problem.camera2 ? problem.camera2->view() : none};
    }

    static nabla_problem argument_of(const Problem &problem, const Cameras &cameras) {
        nabla_problem argument{};
        argument.struct_size = sizeof argument;
        argument.points1 = problem.points1;
        argument.points2 = problem.points2;
        argument.ratios = problem.ratios;
        argument.weights = problem.weights;
        argument.scales1 = problem.scales1;
        argument.scales2 = problem.scales2;
        argument.angles1 = problem.angles1;
        argument.angles2 = problem.angles2;
        argument.camera1 = problem.camera1 ? &cameras[0] : nullptr;
        argument.camera2 = problem.camera2 ? &cameras[1] : nullptr;
        argument.threshold_px = problem.threshold_px;
        argument.seed = problem.seed;
        return argument;
    }

    static std::vector<std::uint8_t> mask_of(const Problem &problem, nabla_result &result) {
        std::vector<std::uint8_t> mask(problem.points1.count);
        result.struct_size = sizeof result;
        result.inliers = mask.data();
        result.inliers_length = mask.size();
        return mask;
    }

    std::unique_ptr<nabla_estimator, Destroy> handle_;
};

} // namespace nabla_ransac

#endif // NABLA_RANSAC_HPP
