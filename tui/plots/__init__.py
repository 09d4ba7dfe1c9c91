"""Plots: what is drawn on them, how they are looked at, and the drawing itself."""
