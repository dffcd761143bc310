"""Two answers -> numbers."""
