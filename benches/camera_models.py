"""Rays and the pixels at which pycolmap's camera models see them, for tests/files/camera_models.csv.

    pip install pycolmap==4.2.1 numpy
    python benches/camera_models.py > tests/files/camera_models.csv

A line is a model's name, its parameters parted by blanks, x, y of the ray (x, y, 1), and its pixel.
"""
import math

import numpy as np
import pycolmap

CAMERAS = [
    ("SIMPLE_PINHOLE", [800, 320, 240]),
    ("PINHOLE", [800, 810, 320, 240]),
    ("SIMPLE_RADIAL", [700, 320.5, 239.5, -0.25]),
    ("RADIAL", [700, 320.5, 239.5, -0.3, 0.12]),
    ("OPENCV", [700, 705, 320.5, 239.5, -0.28, 0.09, 0.0012, -0.0023]),
    ("OPENCV_FISHEYE", [380, 381, 512, 400, -0.02, 0.006, -0.003, 0.0004]),
    ("FULL_OPENCV", [600, 602, 640, 360, 0.32, 0.11, 0.0007, -0.0004, 0.01, 0.6, 0.21, 0.03]),
    ("FOV", [400, 402, 320, 240, 0.93]),
    ("SIMPLE_RADIAL_FISHEYE", [380, 512, 400, -0.035]),
    ("RADIAL_FISHEYE", [380, 512, 400, -0.035, 0.01]),
    ("THIN_PRISM_FISHEYE", [380, 381, 512, 400, -0.02, 0.006, 0.001, -0.0015, -0.003, 0.0004, 0.002, -0.001]),
    ("SIMPLE_DIVISION", [700, 320.5, 239.5, -0.31]),
    ("DIVISION", [700, 705, 320.5, 239.5, 0.17]),
    ("SIMPLE_FISHEYE", [380, 512, 400]),
    ("FISHEYE", [380, 381, 512, 400]),
]
RAYS = 12


def main():
    for name, parameters in CAMERAS:
        camera = pycolmap.Camera(model=name, width=1024, height=800, params=parameters)
        reach = 4.0 if "FISHEYE" in name else 0.8
        for index in range(RAYS):
            angle, length = 2.4 * index, reach * (index + 0.5) / RAYS
            ray = np.array([length * math.cos(angle), length * math.sin(angle), 1.0])
            pixel = camera.img_from_cam(ray)
            assert np.abs(camera.cam_from_img(pixel) - ray[:2]).max() < 1e-6, (name, ray)
            print(name, " ".join(map(repr, map(float, parameters))), *(repr(float(x)) for x in (*ray[:2], *pixel)), sep=",")


if __name__ == "__main__":
    main()
