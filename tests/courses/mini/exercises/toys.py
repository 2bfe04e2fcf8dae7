"""Public toys of the miniature course: it needs none."""
