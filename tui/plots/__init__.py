"""How plots are looked at, what is drawn on them, and the drawing itself."""
