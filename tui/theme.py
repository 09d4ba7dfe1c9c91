"""Colours. The arms' are told apart by people who see no red or no green, too (after Okabe & Ito, 2008)."""

from textual.theme import Theme

from engine.protocol import Arm

ARM_COLOURS: dict[Arm, str] = {"pretrained": "#56b4e9", "scratch": "#e69f00"}
PAST_COLOURS: dict[Arm, str] = {"pretrained": "#34617d", "scratch": "#775411"}
"of branches that a rewind left: nearer to the background"

THEME = Theme(
    name="finetune",
    primary="#56b4e9",
    secondary="#7f8794",
    accent="#e69f00",
    foreground="#d8dee9",
    background="#11151c",
    surface="#161b24",
    panel="#1f2631",
    success="#2fbf8f",
    warning="#e6c229",
    error="#e5534b",
    dark=True,
    variables={"border": "#3a4352", "muted": "#8b95a5"},
)
