"""Colours: a dark theme, a light one, and one for terminals of 16 colours.

People who see no red or no green can tell the colours of the first two apart (Okabe & Ito, 2008). What the 16 colours
look like is up to the terminal.
"""

from rich.color import Color as RichColor
from textual.color import Color
from textual.theme import Theme

from engine.protocol import Arm

ARM_STYLES: dict[Arm, str] = {"pretrained": "$pretrained", "scratch": "$scratch"}
READABLE = 4.5  # least contrast between text and background that WCAG 2.2 (level AA) asks for

# Chosen so that a terminal of 256 colours shows greys as greys (not as its darkest blue) and orange as orange.
DARK = Theme(
    name="finetune",
    primary="#56b4e9",
    secondary="#7f8794",
    accent="#e69a00",
    foreground="#d8dee9",
    background="#121417",
    surface="#191b1f",
    panel="#24272d",
    success="#2fbf8f",
    warning="#e6c229",
    error="#e8714f",
    dark=True,
    variables={
        "border": "#40454e",
        "muted": "#8b95a5",
        "badge": "#121417",
        # The arms, and branches of them that a rewind left: nearer to the background.
        "pretrained": "#56b4e9",
        "scratch": "#e69a00",
        "pretrained-past": "#2c617d",
        "scratch-past": "#775411",
        # Older runs.
        "overlay": "#9a8fb0",
        "overlay-2": "#5fae8c",
        "overlay-3": "#c77f9f",
        "overlay-4": "#b5ad63",
    },
)
LIGHT = Theme(
    name="finetune-light",
    primary="#0072b2",
    secondary="#6f757e",
    accent="#b35900",
    foreground="#1c2430",
    background="#fbfbf8",
    surface="#f1f2ee",
    panel="#e3e6e3",
    success="#00785a",
    warning="#8a6d00",
    error="#b8400f",
    dark=False,
    variables={
        "border": "#b5bcc6",
        "muted": "#5c6675",
        "badge": "#fbfbf8",
        "pretrained": "#0072b2",
        "scratch": "#b35900",
        "pretrained-past": "#93bcd3",
        "scratch-past": "#dcb48c",
        "overlay": "#8b7aa8",
        "overlay-2": "#3f8f6b",
        "overlay-3": "#a85a7d",
        "overlay-4": "#85803a",
    },
)
SIXTEEN = Theme(
    name="finetune-16",
    ansi=True,
    primary="ansi_cyan",
    secondary="ansi_white",
    accent="ansi_yellow",
    foreground="ansi_default",
    background="ansi_default",
    surface="ansi_default",
    panel="ansi_default",
    success="ansi_green",
    warning="ansi_yellow",
    error="ansi_red",
    dark=True,
    variables={
        "border": "ansi_bright_black",
        "muted": "ansi_bright_black",
        "badge": "ansi_black",
        "pretrained": "ansi_cyan",
        "scratch": "ansi_yellow",
        "pretrained-past": "ansi_bright_black",
        "scratch-past": "ansi_bright_black",
        "overlay": "ansi_magenta",
        "overlay-2": "ansi_green",
        "overlay-3": "ansi_red",
        "overlay-4": "ansi_blue",
        "ansi-background": "ansi_default",
        "ansi-foreground": "ansi_default",
        # Seen without any colour, too.
        "block-cursor-foreground": "ansi_black",
        "block-cursor-background": "ansi_white",
        "block-cursor-text-style": "bold underline",
    },
)
THEMES = (DARK, LIGHT, SIXTEEN)


def variables(theme: Theme) -> dict[str, str]:
    """Colours of ours that a theme of Textual lacks, fitted to its background."""
    if theme.ansi:
        return SIXTEEN.variables
    own = (DARK if theme.dark else LIGHT).variables
    colours = theme.to_color_system().generate()
    foreground, background, panel = (Color.parse(colours[name]) for name in ("foreground", "background", "panel"))
    fitting = (foreground.blend(background, share / 20) for share in range(8, -1, -1))
    muted = next((colour for colour in fitting if contrast(colour, panel) >= READABLE), foreground)
    past = {f"{arm}-past": Color.parse(own[arm]).blend(background, 0.5).hex for arm in ARM_STYLES}
    return own | past | {"muted": muted.hex, "badge": background.hex}


def rich_colour(variable: str) -> RichColor:
    """The value of a theme variable as a colour for Rich; it may be one of the terminal's own 16 colours."""
    return Color.parse(variable).rich_color


def contrast(one: Color, other: Color) -> float:
    """The contrast ratio of two opaque colours, 1 to 21.

    Source: WCAG 2.2, "contrast ratio" and "relative luminance".
    """
    dark, light = sorted((_luminance(one), _luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: Color) -> float:
    linear = (v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in colour.normalized)
    return sum(weight * value for weight, value in zip((0.2126, 0.7152, 0.0722), linear, strict=True))
