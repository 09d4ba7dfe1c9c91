"""Screens that lie over the dashboard until Escape closes them."""
