"""The demo's two classes: hot dogs, and things that share their colours, their parts or their outline."""

import math
import random

import numpy as np

from engine.demo.canvas import Drawing
from engine.demo.geometry import Points, arc, ellipse, lens, moved, normals, rectangle, ripple
from engine.demo.palette import Colour, darker, lighter, named, vivid
from engine.demo.pen import Pen


def hot_dog(pen: Pen) -> None:
    """A sausage in a bun, seen from above or from the side, plain or with sauce."""
    rng = pen.rng
    path = arc(rng.uniform(1.35, 1.7), rng.uniform(-0.8, 0.8))
    bread, width = _bread(rng), rng.uniform(0.28, 0.42)
    gap = rng.uniform(0.26, 0.36)
    filling = path * rng.uniform(0.92, 1.2)
    across = normals(path)
    match rng.choice(["open", "side", "slit"]):
        case "open":
            pen.body(path - across * gap / 1.6, width, bread)
            pen.body(path + across * gap / 1.6, width, bread)
            _sausage(pen, filling, gap)
            _sauce(pen, path, gap)
        case "side":
            pen.body(path - across * gap * 0.8, width, darker(bread, 0.1))
            _sausage(pen, filling - across * 0.06, gap)
            _sauce(pen, path - across * gap * 0.35, gap)
            pen.body(path + across * gap * 0.75, width * 1.1, bread)
        case "slit":
            pen.body(path, gap + width * 1.2, bread)
            pen.line(path * 0.98, gap * 1.25, darker(bread, 0.45))
            _sausage(pen, filling, gap)
            _sauce(pen, path, gap)


def sausage(pen: Pen) -> None:
    """One to three sausages without a bun."""
    rng = pen.rng
    count, width = rng.choice([1, 1, 2, 3]), rng.uniform(0.26, 0.46)
    length, bend = rng.uniform(1.3, 1.9), rng.uniform(-0.9, 0.9)
    for number in range(count):
        path = moved(arc(length, bend), rng.uniform(-0.1, 0.1), (number - (count - 1) / 2) * width * 1.15)
        _sausage(pen, path, width)
        if rng.random() < 0.5:
            _sauce(pen, path, width)


def bun(pen: Pen) -> None:
    """An empty bun: whole, slit, in two halves, or with sauce only."""
    rng = pen.rng
    path = arc(rng.uniform(1.2, 1.6), rng.uniform(-0.5, 0.5))
    bread, width = _bread(rng), rng.uniform(0.6, 0.8)
    if rng.random() < 0.4:
        across = normals(path) * width / 4
        pen.body(path - across, width / 2, bread)
        pen.body(path + across, width / 2, bread)
    else:
        pen.body(path, width, bread)
    if rng.random() < 0.6:
        pen.line(path * 0.95, rng.uniform(0.04, 0.12), darker(bread, 0.5))
    _sauce(pen, path * 0.9, 0.28)


def sausage_beside_bun(pen: Pen) -> None:
    """The parts of a hot dog, side by side instead of one in the other."""
    rng = pen.rng
    bread, bend = _bread(rng), rng.uniform(-0.5, 0.5)
    roll = moved(arc(rng.uniform(1.1, 1.4), bend), 0, -0.42)
    other = moved(arc(rng.uniform(1.1, 1.5), bend), rng.uniform(-0.2, 0.2), 0.42, rng.uniform(-0.3, 0.3))
    pen.body(roll, rng.uniform(0.46, 0.6), bread)
    pen.line(roll * np.array([0.95, 1]), 0.05, darker(bread, 0.45))
    _sausage(pen, other, 0.3)
    _sauce(pen, rng.choice([roll, other]), 0.3)


def eclair(pen: Pen) -> None:
    """A long pastry with icing and a drizzle over it."""
    rng = pen.rng
    path, width = arc(rng.uniform(1.3, 1.6), rng.uniform(-0.5, 0.5)), rng.uniform(0.5, 0.7)
    pen.body(path, width, _bread(rng))
    icing = ripple(path * 0.97, 0.03, rng.uniform(3, 6))
    pen.body(icing, width * rng.uniform(0.5, 0.75), named(rng, rng.choice(["chocolate", "chocolate", "cream"])))
    _sauce(pen, path, width * 0.6)


def baguette(pen: Pen) -> None:
    """A loaf with slanted cuts."""
    rng = pen.rng
    path = arc(1.8, rng.uniform(-0.5, 0.5))
    crust, width = named(rng, rng.choice(["crust", "bread"])), rng.uniform(0.36, 0.55)
    pen.body(path, width * np.sin(np.linspace(0.5, math.pi - 0.5, len(path))), crust)
    for x in np.linspace(-0.6, 0.6, rng.randint(3, 6)):
        pen.line(moved(arc(width * 0.75, 0.5), x, path[:, 1].mean(), 1.0), 0.07, lighter(crust, 0.45))


def banana(pen: Pen) -> None:
    """One or two bananas."""
    rng = pen.rng
    skin = named(rng, "mustard")
    for number in range(rng.choice([1, 1, 2])):
        path = moved(arc(1.9, rng.uniform(0.9, 1.7)), 0, 0.2 * number, 0.2 * number)
        widths = np.interp(np.linspace(0, 1, len(path)), [0, 0.15, 0.5, 0.9, 1], [0.08, 0.24, 0.40, 0.2, 0.1])
        pen.body(path, widths * rng.uniform(0.85, 1.1), skin)
        for end in (path[:3], path[-2:]):
            pen.line(end, 0.09, named(rng, "chocolate"))


def carrot(pen: Pen) -> None:
    """A carrot with its leaves."""
    rng = pen.rng
    path = moved(arc(1.4, rng.uniform(-0.3, 0.3)), 0.2, 0)
    root = named(rng, rng.choice(["carrot", "carrot", "meat"]))
    for angle in (-0.5, 0, 0.5):
        pen.body(moved(moved(arc(0.5, 0.4), -0.25, 0), -0.5, 0, angle), 0.1, named(rng, "leaf"))
    pen.body(path, np.linspace(rng.uniform(0.36, 0.5), 0.05, len(path)), root)
    for x in (-0.3, 0.0, 0.3, 0.55):
        pen.line(moved(arc(0.12, 0), x, rng.uniform(-0.06, 0.06), 1.4), 0.03, darker(root, 0.35))


def burger(pen: Pen) -> None:
    """A round roll with layers of filling, from the side."""
    rng = pen.rng
    bread, thickness = _bread(rng), rng.uniform(0.16, 0.22)
    layers = rng.sample(["meat", "chocolate", "leaf", "mustard", "ketchup"], rng.randint(2, 4))
    height = thickness * len(layers)
    pen.body(moved(arc(1.3, 0), 0, height / 2 + 0.14), 0.28, bread)
    for number, layer in enumerate(layers):
        path = moved(arc(rng.uniform(1.3, 1.5), 0), 0, height / 2 - thickness * (number + 0.4))
        pen.body(ripple(path, rng.choice([0, 0.04]), 5), thickness, named(rng, layer))
    dome = ellipse(1.6, 1.3)
    pen.fill(moved(dome[dome[:, 1] <= 0.01], 0, -height / 2 + 0.05), bread)
    for _ in range(rng.randint(0, 8)):
        pen.disc(rng.uniform(-0.5, 0.5), -height / 2 - rng.uniform(0.1, 0.4), 0.07, named(rng, "cream"), 0)


def pizza(pen: Pen) -> None:
    """A slice, with rounds of salami and herbs."""
    rng = pen.rng
    spread = rng.uniform(0.5, 0.75)
    rim = moved(arc(2 * spread, -0.6), 0, -0.7)
    tip = np.array([[0.0, 0.95]])
    pen.fill(np.concatenate([rim, tip]), named(rng, rng.choice(["mustard", "carrot", "cream"])), 0.4)
    for _ in range(rng.randint(3, 6)):
        y = rng.uniform(-0.5, 0.4)
        reach = spread * (0.8 - y) / 2
        topping = named(rng, rng.choice(["meat", "ketchup", "leaf"]))
        pen.disc(rng.uniform(-reach, reach), y, rng.uniform(0.15, 0.3), topping)
    pen.body(rim, rng.uniform(0.18, 0.26), named(rng, "crust"))


def pencil(pen: Pen) -> None:
    """A pencil with a rubber at its end."""
    rng = pen.rng
    width = rng.uniform(0.18, 0.34)
    paint = named(rng, rng.choice(["mustard", "ketchup", "meat", "carrot"]))
    pen.fill(moved(rectangle(0.18, width), -0.85, 0), named(rng, "meat"), 0.3)
    pen.fill(moved(rectangle(0.12, width), -0.72, 0), named(rng, "grey"), 0.3)
    pen.fill(moved(rectangle(1.2, width), -0.06, 0), paint, 0)
    pen.fill(moved(rectangle(1.2, width * 0.4), -0.06, 0), lighter(paint, 0.3), 0)
    pen.fill(np.array([[0.54, -width / 2], [0.95, 0], [0.54, width / 2]]), named(rng, "bread"), 0)
    pen.fill(np.array([[0.82, -width / 6], [0.97, 0], [0.82, width / 6]]), vivid(rng), 0)


def maize(pen: Pen) -> None:
    """A cob in its leaves: one long thing within another, too."""
    rng = pen.rng
    path, width = arc(rng.uniform(1.4, 1.7), rng.uniform(-0.3, 0.3)), rng.uniform(0.34, 0.5)
    taper = np.linspace(1.0, 0.55, len(path))
    grain = named(rng, rng.choice(["mustard", "mustard", "bread"]))
    pen.body(path, width * taper, grain)
    for row in (-0.3, 0.0, 0.3):
        for x, y in (path + normals(path) * (row * width * taper)[:, None])[1:-1:2]:
            pen.disc(x, y, 0.09, lighter(grain, 0.3), 0)
    for side in (-1, 1):
        husk = moved(lens(1.2, 0.36), -0.45, side * width * 0.55, side * rng.uniform(0.0, 0.35))
        pen.fill(husk, named(rng, "leaf"), 0.6)


def chips(pen: Pen) -> None:
    """Fried potato sticks, loose or in a paper bag."""
    rng = pen.rng
    for _ in range(rng.randint(6, 10)):
        stick = rectangle(rng.uniform(0.9, 1.3), rng.uniform(0.12, 0.18))
        angle = math.pi / 2 + rng.uniform(-0.45, 0.45)
        pen.fill(moved(stick, rng.uniform(-0.4, 0.4), rng.uniform(-0.5, 0), angle), named(rng, "mustard"), 0.3)
    if rng.random() < 0.7:
        bag = np.array([[-0.62, -0.15], [0.62, -0.15], [0.45, 0.95], [-0.45, 0.95]])
        pen.fill(bag, named(rng, rng.choice(["ketchup", "pale", "crust"])), 0.3)


def croissant(pen: Pen) -> None:
    """A crescent of rolled dough."""
    rng = pen.rng
    crust = named(rng, rng.choice(["crust", "bread"]))
    path = arc(2.0, rng.uniform(1.4, 2.4), 9)
    widths = np.sin(np.linspace(0.35, math.pi - 0.35, len(path)))
    for point, across, width in zip(path, normals(path), widths, strict=True):
        segment = np.stack([point - across * 0.26 * width, point + across * 0.26 * width])
        pen.body(segment, 0.26 * width + 0.04, crust)


LOOKALIKES: tuple[Drawing, ...] = (
    sausage,
    bun,
    sausage_beside_bun,
    eclair,
    baguette,
    banana,
    carrot,
    burger,
    pizza,
    pencil,
    maize,
    chips,
    croissant,
)


def not_hot_dog(pen: Pen) -> None:
    """Any of the `LOOKALIKES`."""
    pen.rng.choice(LOOKALIKES)(pen)


def _bread(rng: random.Random) -> Colour:
    return named(rng, rng.choice(["bread", "bread", "crust", "cream"]))


def _sausage(pen: Pen, path: Points, width: float) -> None:
    meat = named(pen.rng, "meat")
    pen.body(path, width, meat)
    if pen.rng.random() < 0.3:
        for place in (0.25, 0.5, 0.75):
            x, y = path[round(place * (len(path) - 1))]
            pen.line(moved(arc(width * 0.6, 0), x, y, 1.1), 0.05, darker(meat, 0.4))


def _sauce(pen: Pen, path: Points, width: float) -> None:
    rng = pen.rng
    for sauce in rng.choice([(), ("mustard",), ("ketchup",), ("mustard", "ketchup"), ("cream",)]):
        waves, sharp = rng.uniform(2.5, 6), rng.random() < 0.5
        line = ripple(path * 0.88, width * rng.uniform(0.0, 0.38), waves, sharp)
        pen.line(line, rng.uniform(0.06, 0.11), named(rng, sauce))
