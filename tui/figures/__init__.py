"""What only a live screen counts, as figures. Loads no Textual."""
