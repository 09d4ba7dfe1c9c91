"""The dashboard: shows a run and steers it. Nothing in here loads torch."""
