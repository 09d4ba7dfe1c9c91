"""A pen that draws in the coordinates of an object, which may be moved, scaled, turned and slanted."""

import math
import random
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import numpy.typing as npt
from PIL import ImageDraw

from engine.demo import geometry
from engine.demo.geometry import Points
from engine.demo.palette import Colour, darker, lighter


@dataclass(frozen=True, slots=True)
class Style:
    """How all objects of a picture are drawn."""

    light: Points
    "(2,): where the light comes from, in the picture; of length 1"
    relief: float
    "strength of light and shade; 0 draws flat colours"
    edge: float
    "width of a dark outline in the object's coordinates; 0 for none"


@dataclass(frozen=True, slots=True)
class Pen:
    """Draws filled outlines and lines, lit from one side.

    Objects are made of points, not of pixels, so that a turned one is as sharp as an upright one.
    """

    draw: ImageDraw.ImageDraw
    rng: random.Random
    "source of everything random about an object"
    matrix: Points
    "(2, 2): object to picture coordinates"
    origin: Points
    "(2,): the object's centre in the picture"
    style: Style

    def at(self, x: float, y: float, angle: float = 0.0, scale: float = 1.0) -> Self:
        """The pen for a part of the object, with its own origin, angle (radians) and scale."""
        turn = scale * np.array([[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]])
        return replace(self, origin=self._pixels(np.array([[x, y]]))[0], matrix=turn @ self.matrix)

    def fill(self, outline: Points, colour: Colour, relief: float = 1.0) -> None:
        """A filled outline; `relief` is how much it bulges."""
        pixels = self._pixels(outline)
        relief *= self.style.relief
        self._area(pixels, darker(colour, 0.35 * relief), self.style.edge)
        if relief > 0:
            centre = pixels.mean(axis=0)
            reach = np.abs(pixels - centre).max()
            for size, shift, shade in (
                (0.90, 0.05, colour),
                (0.62, 0.14, lighter(colour, 0.16 * relief)),
            ):
                self._area(centre + (pixels - centre) * size + self.style.light * reach * shift, shade)

    def disc(self, x: float, y: float, diameter: float, colour: Colour, relief: float = 1.0) -> None:
        """A filled circle."""
        self.fill(geometry.moved(geometry.ellipse(diameter, diameter, 24), x, y), colour, relief)

    def line(self, path: Points, width: float, colour: Colour) -> None:
        """A flat line with round corners and ends."""
        pixels = self._pixels(path)
        thickness = max(1, round(width * self._scale()))
        self.draw.line(pixels.ravel().tolist(), colour, thickness, joint="curve")
        for x, y in pixels[[0, -1]]:
            radius = thickness / 2
            self.draw.ellipse((x - radius, y - radius, x + radius, y + radius), colour)

    def body(self, path: Points, widths: npt.ArrayLike, colour: Colour, relief: float = 1.0) -> None:
        """A bulging line with round ends, of one width or of a width at each of its points."""
        widths = np.broadcast_to(np.asarray(widths, dtype=float), len(path))
        relief *= self.style.relief
        if self.style.edge:
            self._rod(path, widths + 2 * self.style.edge, darker(colour, 0.75), 0)
        self._rod(path, widths, darker(colour, 0.35 * relief), 0)
        if relief > 0:
            self._rod(path, widths * 0.80, colour, 0.09)
            self._rod(path, widths * 0.22, lighter(colour, 0.45 * relief), 0.22)

    def _rod(self, path: Points, widths: Points, colour: Colour, shift: float) -> None:
        offset = self.style.light * shift * float(widths.max()) * self._scale()
        self._area(self._pixels(geometry.ribbon(path, widths)) + offset, colour)
        for place, width in ((path[0], widths[0]), (path[-1], widths[-1])):
            self._area(self._pixels(geometry.ellipse(width, width, 20) + place) + offset, colour)

    def _area(self, pixels: Points, colour: Colour, edge: float = 0.0) -> None:
        outline = pixels.ravel().tolist()
        self.draw.polygon(outline, colour)
        if edge:
            thickness = max(1, round(edge * self._scale()))
            self.draw.line([*outline, *outline[:4]], darker(colour, 0.75), thickness, joint="curve")

    def _pixels(self, points: Points) -> Points:
        pixels: Points = points @ self.matrix + self.origin
        return pixels

    def _scale(self) -> float:
        return math.sqrt(abs(float(np.linalg.det(self.matrix))))
