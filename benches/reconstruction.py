"""A small reconstruction as pycolmap writes it, binary and as text, for tests/files/reconstruction.

    pip install pycolmap==4.2.1
    python benches/reconstruction.py tests/files/reconstruction
"""
import pathlib
import sys

import pycolmap


def main(folder):
    options = pycolmap.SyntheticDatasetOptions(
        num_rigs=2,
        num_cameras_per_rig=2,
        num_frames_per_rig=2,
        num_points3D=3,
        num_points2D_without_point3D=1,
        camera_model_id=pycolmap.CameraModelId.OPENCV,
        camera_params=[1280, 1281, 512, 384, 0.05, -0.01, 0.001, -0.002],
    )
    pycolmap.set_random_seed(1)
    reconstruction = pycolmap.synthesize_dataset(options)
    reconstruction.write_binary(folder)
    reconstruction.write_text(folder)
    print(reconstruction.images[6].name, reconstruction.images[6].cam_from_world().matrix().tolist())


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
