"""The measures beside the goals."""
