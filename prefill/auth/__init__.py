"""Authentication of agents."""
