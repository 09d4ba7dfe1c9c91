"""Points of lines and outlines, in an object's own coordinates: it fits the disc of radius 1, y down."""

import math
import random

import numpy as np
import numpy.typing as npt

Points = npt.NDArray[np.float64]
"(N, 2): x and y of each point"


def arc(length: float, bend: float, samples: int = 24) -> Points:
    """A line along the x axis through the origin that turns by `bend` radians over its length."""
    angles = np.linspace(-bend / 2, bend / 2, samples)
    if abs(bend) < 1e-3:
        return np.stack([np.linspace(-length / 2, length / 2, samples), np.zeros(samples)], axis=1)
    radius = length / bend
    sagitta = radius * (1 - math.cos(bend / 2))
    return np.stack([radius * np.sin(angles), radius * (1 - np.cos(angles)) - sagitta / 2], axis=1)


def normals(path: Points) -> Points:
    """Unit vectors at right angles to a line, one for each of its points."""
    direction = np.gradient(path, axis=0)
    direction /= np.linalg.norm(direction, axis=1, keepdims=True) + 1e-12
    return np.stack([-direction[:, 1], direction[:, 0]], axis=1)


def ripple(path: Points, amplitude: float, waves: float, sharp: bool = False) -> Points:
    """The line with waves, or with a zigzag if `sharp`."""
    samples = max(len(path), round(waves * (2 if sharp else 16)) + 1)
    places = np.linspace(0, 1, samples)
    known = np.linspace(0, 1, len(path))
    fine = np.stack([np.interp(places, known, path[:, axis]) for axis in (0, 1)], axis=1)
    phase = places * waves
    height = 4 * np.abs(phase % 1 - 0.5) - 1 if sharp else np.cos(2 * np.pi * phase)
    return fine + normals(fine) * (amplitude * height)[:, None]


def ribbon(path: Points, widths: npt.ArrayLike) -> Points:
    """Outline of the area that a line with a width, or a width at each point, covers."""
    half = normals(path) * np.broadcast_to(np.asarray(widths, dtype=float), len(path))[:, None] / 2
    return np.concatenate([path + half, (path - half)[::-1]])


def ellipse(width: float, height: float, samples: int = 36) -> Points:
    """Outline of an ellipse around the origin, of these two diameters."""
    angles = np.linspace(0, 2 * np.pi, samples, endpoint=False)
    return np.stack([np.cos(angles) * width / 2, np.sin(angles) * height / 2], axis=1)


def rectangle(width: float, height: float) -> Points:
    """Corners of a rectangle around the origin."""
    corners: Points = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * np.array([width / 2, height / 2])
    return corners


def star(tips: int, outer: float, inner: float) -> Points:
    """Corners of a star around the origin; a regular polygon of twice the corners if the radii are equal."""
    angles = np.arange(2 * tips) * np.pi / tips - np.pi / 2
    radii = np.where(np.arange(2 * tips) % 2 == 0, outer, inner)
    return np.stack([np.cos(angles) * radii, np.sin(angles) * radii], axis=1)


def polygon(corners: int, radius: float) -> Points:
    """Corners of a regular polygon around the origin, one of them on top."""
    return star(corners, radius, radius)[::2]


def lens(length: float, width: float, samples: int = 20) -> Points:
    """Outline with a pointed end on the left and on the right, as of a leaf."""
    return ribbon(arc(length, 0, samples), width * np.sin(np.linspace(0, np.pi, samples)))


def blob(rng: random.Random, radius: float, wobble: float, samples: int = 36) -> Points:
    """A round outline that wobbles by about this share of its radius."""
    angles = np.linspace(0, 2 * np.pi, samples, endpoint=False)
    radii = np.ones(samples)
    for frequency in (2, 3, 5):
        radii += rng.uniform(0, wobble) * np.cos(frequency * angles + rng.uniform(0, 2 * np.pi)) / frequency
    return np.stack([np.cos(angles), np.sin(angles)], axis=1) * (radius * radii)[:, None]


def moved(points: Points, x: float, y: float, angle: float = 0.0) -> Points:
    """The points turned by `angle` radians about the origin, then shifted."""
    cos, sin = math.cos(angle), math.sin(angle)
    turned: Points = points @ np.array([[cos, sin], [-sin, cos]]) + np.array([x, y])
    return turned
