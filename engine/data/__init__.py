"""Pictures: where they are, how they are prepared, how they become batches. Finding them loads no torch."""
