"""What expressions give, worked out from the shapes of the answers, and whether a field can hold it."""
