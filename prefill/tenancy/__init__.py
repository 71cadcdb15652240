"""The public buyers that the service works for."""
