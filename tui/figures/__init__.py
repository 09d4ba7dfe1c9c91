"""What is known of an arm and its branches, as figures. Loads no Textual."""
