"""COLMAP databases with matches, no two-view geometries, and the true poses of their images: synthetic ones and of photographs."""

import json
import sqlite3
from dataclasses import dataclass, field
from itertools import combinations, islice
from pathlib import Path

import numpy as np
import pycolmap

from camera_poses import Pose, poses_of_pairs

OVERLAP_DEG = 60.0  # cameras that look along directions farther apart see nothing in common
PINHOLE_GUESS = 1.2  # COLMAP's guess of a focal length, in longest sides


@dataclass(frozen=True)
class Synthetic:
    """Cameras around the origin that look at points in a cube of side 2, or on the plane z = 0."""

    name: str
    inlier_share: float
    model: str = "SIMPLE_RADIAL"
    params: tuple = (1280.0, 512.0, 384.0, 0.02)
    distance: float = 5.0  # of the cameras from the origin
    has_prior: bool = True  # the database has the true intrinsics; else it has COLMAP's guess
    is_shared: bool = True  # one camera took all images
    planar_share: float = 0.0  # of the points
    spread_deg: float = 75.0  # cameras lie within this of the axis z
    repeatability: float = 0.4  # share of the common points that are matched
    images: int = 12
    points: int = 150
    noise_px: float = 0.7


WIDE = dict(distance=2.2, model="SIMPLE_RADIAL", params=(700.0, 512.0, 384.0, -0.15))
OPENCV = dict(distance=2.2, model="OPENCV", params=(700.0, 690.0, 520.0, 380.0, -0.2, 0.04, 0.002, -0.003))
FISHEYE = dict(distance=2.0, model="OPENCV_FISHEYE", params=(500.0, 500.0, 512.0, 384.0, -0.02, 0.005, -0.003, 0.0005))
UNKNOWN = dict(has_prior=False, params=(1000.0, 512.0, 384.0, 0.0))
PLANE = dict(planar_share=1.0, spread_deg=50.0)

SYNTHETIC = [
    Synthetic("easy .4", 0.4),
    Synthetic("hard .2", 0.2),
    Synthetic("hardest .1", 0.1),
    Synthetic("plane .4", 0.4, **PLANE),
    Synthetic("plane .2", 0.2, **PLANE),
    Synthetic("plane and some .2", 0.2, planar_share=0.8, spread_deg=50.0),
    Synthetic("radial .2", 0.2, **WIDE),
    Synthetic("OpenCV .2", 0.2, **OPENCV),
    Synthetic("fisheye .2", 0.2, **FISHEYE),
    Synthetic("no prior .4", 0.4, **UNKNOWN),
    Synthetic("no prior .2", 0.2, **UNKNOWN),
    Synthetic("no prior, own cameras .4", 0.4, is_shared=False, **UNKNOWN),
    Synthetic("no prior, own cameras .2", 0.2, is_shared=False, **UNKNOWN),
]


@dataclass
class Scene:
    """A database, its true poses and, where they are known, the true matches and essential matrix of each pair of image ids."""

    name: str
    database: Path
    truth: dict[str, Pose]
    true_matches: dict = field(default_factory=dict)
    true_essential: dict = field(default_factory=dict)


def synthetic(options, seed, folder):
    """The cameras and tracks are `pycolmap.synthesize_dataset`'s; its wrong matches are not, since for `inlier_match_ratio=.4` it adds
    .6 of them a right one, so that .63 are right."""
    path = Path(folder) / f"{options.name.replace(' ', '_')}-{seed}.db"
    path.unlink(missing_ok=True)
    pycolmap.set_random_seed(seed)
    rng = np.random.default_rng(seed)
    with pycolmap.Database.open(path) as database:
        made = pycolmap.synthesize_dataset(skeleton(options), database)
        poses = {index: pose_around(options, rng) for index in made.images}
        tracks = project(options, made, poses, database, rng)
        scene = Scene(options.name, path, {made.images[index].name: pose for index, pose in poses.items()})
        database.clear_matches()
        database.clear_two_view_geometries()
        for pair in combinations(sorted(poses), 2):
            right, wrong = matches_of(options, pair, poses, tracks, rng)
            database.write_matches(*pair, rng.permutation(np.vstack([right, wrong])).astype(np.uint32))
            scene.true_matches[pair] = right
            scene.true_essential[pair] = essential(*(poses[index] for index in pair))
        if not options.has_prior:
            for camera in database.read_all_cameras():
                camera.params = [PINHOLE_GUESS * max(camera.width, camera.height), *camera.params[1:]]
                database.update_camera(camera)
    return scene


def skeleton(options):
    frames = (1, options.images) if options.is_shared else (options.images, 1)
    return pycolmap.SyntheticDatasetOptions(
        num_rigs=frames[0],
        num_cameras_per_rig=1,
        num_frames_per_rig=frames[1],
        num_points3D=options.points,
        num_points2D_without_point3D=6 * options.points,
        camera_model_id=getattr(pycolmap.CameraModelId, options.model),
        camera_params=list(options.params),
        camera_has_prior_focal_length=options.has_prior,
    )


def pose_around(options, rng):
    """A camera that looks at the origin to within some degrees, from about the distance."""
    z = rng.uniform(np.cos(np.radians(options.spread_deg)), 1)
    azimuth = rng.uniform(0, 2 * np.pi)
    towards = np.array([*(np.sqrt(1 - z * z) * np.array([np.cos(azimuth), np.sin(azimuth)])), z])
    centre = options.distance * rng.uniform(0.9, 1.2) * towards
    axis_z = -towards + rng.normal(0, 0.03, 3)
    axis_x = np.cross(rng.normal(size=3), axis_z)
    R = np.array([axis_x, np.cross(axis_z, axis_x), axis_z])
    return Pose(R / np.linalg.norm(R, axis=1, keepdims=True), centre)


def project(options, made, poses, database, rng):
    """Writes the key points; of each image the key point of each 3-D point that it sees."""
    points = rng.uniform(-1, 1, (options.points, 3))
    points[: round(options.planar_share * options.points), 2] = 0
    place = {index: row for row, index in enumerate(sorted(made.points3D))}
    tracks = {}
    for index, image in made.images.items():
        camera = made.cameras[image.camera_id]
        points2D = image.points2D
        key_points = np.array([point.xy for point in points2D])
        tracks[index] = {}
        for key_point, point in enumerate(points2D):
            if point.has_point3D():
                row = place[point.point3D_id]
                pixel = camera.img_from_cam(poses[index].R @ (points[row] - poses[index].centre))
                is_seen = pixel is not None and (np.abs(2 * pixel / [camera.width, camera.height] - 1) < 1).all()
                key_points[key_point] = pixel if is_seen else rng.uniform(0, [camera.width, camera.height])
                if is_seen:
                    tracks[index][row] = key_point
        key_points += rng.normal(0, options.noise_px, key_points.shape)
        database.update_keypoints(index, key_points.astype(np.float32))
    return tracks


def matches_of(options, pair, poses, tracks, rng):
    """Right and wrong matches, no key point twice; only wrong ones where the views do not overlap."""
    axes = [poses[index].R[2] for index in pair]
    overlap = np.degrees(np.arccos(np.clip(axes[0] @ axes[1], -1, 1))) < OVERLAP_DEG
    common = sorted(tracks[pair[0]].keys() & tracks[pair[1]].keys())
    common = [row for row in common if rng.uniform() < options.repeatability]
    wrong_count = round(len(common) * (1 / options.inlier_share - 1))
    right = np.array([[tracks[index][row] for index in pair] for row in common if overlap]).reshape(-1, 2)
    free = [rng.permutation(np.setdiff1d(np.arange(7 * options.points), right[:, side]))[:wrong_count] for side in (0, 1)]
    return right, np.column_stack(free)


def essential(pose1, pose2):
    R, t = pose2.R @ pose1.R.T, pose2.R @ (pose1.centre - pose2.centre)
    x, y, z = t / np.linalg.norm(t)
    return np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]]) @ R


@dataclass(frozen=True)
class Photographs:
    """How the photographs of a scene are matched."""

    name: str
    max_ratio: float = 0.8
    longest_px: int = 640
    every: int = 1  # of the images by name
    has_prior: bool = True


PHOTOGRAPHS = [
    Photographs("all"),
    Photographs("ratio .95", max_ratio=0.95),
    Photographs("every third, ratio .9", max_ratio=0.9, every=3),
    Photographs("240 px, ratio .9", max_ratio=0.9, longest_px=240),
    Photographs("no prior", has_prior=False),
]


def photographs(options, source, folder):
    """SIFT by pycolmap, 2048 key points an image at most; every pair matched."""
    source = Path(source)
    about = json.loads((source / "scene.json").read_text())
    truth = poses_of_pairs(about["pairs"])
    truth = {name: truth[name] for name in sorted(truth)[:: options.every]}
    path = Path(folder) / f"{source.name}-{options.name.replace(' ', '_')}.db"
    path.unlink(missing_ok=True)
    reader, model = pycolmap.ImageReaderOptions(), "SIMPLE_RADIAL"
    if options.has_prior:
        ((fx, _, cx), (_, fy, cy), _) = about["images"][next(iter(truth))]["K"]
        model, reader.camera_params = "PINHOLE", f"{fx},{fy},{cx + 0.5},{cy + 0.5}"
    reader.camera_model = model
    extraction = pycolmap.FeatureExtractionOptions(max_image_size=options.longest_px, num_threads=2, use_gpu=False)
    extraction.sift.max_num_features = 2048
    common = dict(camera_mode=pycolmap.CameraMode.SINGLE, reader_options=reader, extraction_options=extraction)
    pycolmap.extract_features(path, source, image_names=list(truth), device=pycolmap.Device.cpu, **common)
    matching = pycolmap.FeatureMatchingOptions(skip_geometric_verification=True, num_threads=2, use_gpu=False)
    matching.sift.max_ratio = options.max_ratio
    pycolmap.match_exhaustive(path, matching_options=matching, device=pycolmap.Device.cpu)
    with pycolmap.Database.open(path) as database:
        database.clear_two_view_geometries()
    return Scene(f"{source.name}, {options.name}", path, truth)


def crowd(pair_count, folder, matches=500, key_points=2000, inlier_share=0.4):
    """A database of many pairs with equally many matches each, of as few images as have so many pairs."""
    rng = np.random.default_rng(0)
    image_count = int(np.ceil((1 + np.sqrt(1 + 8 * pair_count)) / 2))
    path = Path(folder) / f"crowd-{pair_count}.db"
    path.unlink(missing_ok=True)
    options = Synthetic("crowd", inlier_share, images=image_count, points=matches, spread_deg=25.0)
    right = round(inlier_share * matches)
    with pycolmap.Database.open(path) as database:
        database.write_camera(camera_of(options), use_camera_id=False)
        points = rng.uniform(-1, 1, (key_points // 2, 3))
        for index in range(1, image_count + 1):
            database.write_image(pycolmap.Image(name=f"{index:04}.jpg", camera_id=1, image_id=index), use_image_id=True)
            database.write_keypoints(index, view_of(options, points, key_points, rng))
    common = np.arange(key_points // 2)
    rows = (
        (pycolmap.image_pair_to_pair_id(*pair), matches, 2, mixed(rng, common, right, matches, key_points).tobytes())
        for pair in islice(combinations(range(1, image_count + 1), 2), pair_count)
    )
    with sqlite3.connect(path) as connection:
        connection.executemany("INSERT INTO matches(pair_id, rows, cols, data) VALUES (?, ?, ?, ?)", rows)
    connection.close()
    return path


def camera_of(options):
    camera = pycolmap.Camera(model=options.model, width=1024, height=768, params=list(options.params))
    camera.has_prior_focal_length = options.has_prior
    return camera


def view_of(options, points, key_points, rng):
    """Key points of one image: first those of the 3-D points, then random ones."""
    pose, camera = pose_around(options, rng), camera_of(options)
    seen = camera.img_from_cam((points - pose.centre) @ pose.R.T)
    random = rng.uniform(0, [camera.width, camera.height], (key_points - len(points), 2))
    noisy = np.vstack([seen + rng.normal(0, options.noise_px, seen.shape), random])
    return noisy.astype(np.float32)


def mixed(rng, common, right, matches, key_points):
    """Matches of one pair, u32 (n, 2): some of the common points with themselves, the others at random."""
    kept = rng.choice(common, right, replace=False)
    wrong = [len(common) + rng.choice(key_points - len(common), matches - right, replace=False) for _ in range(2)]
    both = np.vstack([np.column_stack([kept, kept]), np.column_stack(wrong)])
    return rng.permutation(both).astype(np.uint32)
