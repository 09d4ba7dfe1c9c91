"""The demo's class `not_hot_dog`: food and other things with the colours, parts or outline of a hot dog."""

import math

import numpy as np

from engine.demo.canvas import Drawing
from engine.demo.geometry import arc, blob, ellipse, lens, moved, normals, rectangle, ripple
from engine.demo.hot_dog import bread_colour, bun, eclair, sausage, sausage_beside_bun
from engine.demo.palette import darker, lighter, named, vivid
from engine.demo.pen import Pen


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
    bread, thickness = bread_colour(rng), rng.uniform(0.16, 0.22)
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
    path = arc(1.9, rng.uniform(1.4, 2.4), 7)
    widths = np.sin(np.linspace(0.65, math.pi - 0.65, len(path)))
    for point, across, width in zip(path, normals(path), widths, strict=True):
        segment = np.stack([point - across * 0.2 * width, point + across * 0.2 * width])
        pen.body(segment, 0.42 * width, crust)


def doughnut(pen: Pen) -> None:
    """A ring of dough with icing and sprinkles."""
    rng, dough = pen.rng, bread_colour(pen.rng)
    hole = rng.uniform(0.35, 0.55)
    icing = named(rng, rng.choice(["chocolate", "cream", "ketchup"]))
    pen.disc(0, 0, 1.7, dough)
    pen.fill(blob(rng, rng.uniform(0.68, 0.76), 0.2), icing, 0.6)
    for _ in range(rng.choice([0, 8, 14])):
        angle, radius = rng.uniform(0, 2 * math.pi), rng.uniform(0.4, 0.6)
        sprinkle = moved(arc(0.12, 0), radius * math.cos(angle), radius * math.sin(angle), rng.uniform(0, 3))
        pen.line(sprinkle, 0.05, vivid(rng))
    pen.disc(0, 0, hole, darker(dough, 0.6), 0)


def fried_egg(pen: Pen) -> None:
    """A wavy white with one or two yolks."""
    rng = pen.rng
    pen.fill(blob(rng, rng.uniform(0.75, 0.9), 0.45), named(rng, "cream"), 0.4)
    for number in range(rng.choice([1, 1, 2])):
        x = (0.0, 0.42)[number] + rng.uniform(-0.2, 0.1)
        pen.disc(x, rng.uniform(-0.15, 0.15), rng.uniform(0.4, 0.55), named(rng, rng.choice(["mustard", "carrot"])))


def ice_cream(pen: Pen) -> None:
    """One to three scoops in a cone."""
    rng, scoops = pen.rng, pen.rng.randint(1, 3)
    wafer = named(rng, rng.choice(["bread", "crust"]))
    for number in range(scoops):
        flavour = named(rng, rng.choice(["cream", "chocolate", "ketchup", "mustard", "bread"]))
        pen.disc(0, -0.15 - 0.32 * (scoops - 1 - number) + 0.05, rng.uniform(0.62, 0.72), flavour)
    pen.fill(np.array([[-0.38, 0.0], [0.38, 0.0], [0.0, 0.98]]), wafer, 0.4)
    for x in (-0.16, 0.0, 0.16):
        pen.line(np.array([[x, 0.05], [x * 0.3, 0.7]]), 0.035, darker(wafer, 0.35))


def apple(pen: Pen) -> None:
    """A round fruit with a stalk and a leaf."""
    rng, peel = pen.rng, named(pen.rng, pen.rng.choice(["ketchup", "meat", "mustard", "leaf"]))
    for side in (-1, 1):
        pen.fill(moved(ellipse(1.05, rng.uniform(1.3, 1.45)), side * 0.2, 0.15), peel, 0.3)
    pen.line(np.array([[0, -0.4], [0.06, -0.85]]), 0.09, named(rng, "chocolate"))
    pen.fill(moved(lens(0.55, 0.28), 0.32, -0.7, -0.4), named(rng, "leaf"), 0.4)


def toast(pen: Pen) -> None:
    """A slice of bread with a crust and something spread on it."""
    rng, crust = pen.rng, named(pen.rng, "crust")
    slice_ = np.array([[-0.7, -0.75], [0.7, -0.75], [0.8, -0.35], [0.65, -0.2], [0.65, 0.75], [-0.65, 0.75]])
    slice_ = np.concatenate([slice_, [[-0.65, -0.2], [-0.8, -0.35]]])
    pen.fill(slice_, crust, 0.3)
    pen.fill(slice_ * 0.86, bread_colour(rng), 0)
    pen.fill(blob(rng, rng.uniform(0.35, 0.5), 0.4), named(rng, rng.choice(["ketchup", "mustard", "chocolate"])), 0.3)


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
    doughnut,
    fried_egg,
    ice_cream,
    apple,
    toast,
)


def not_hot_dog(pen: Pen) -> None:
    """Any of the `LOOKALIKES`."""
    pen.rng.choice(LOOKALIKES)(pen)
