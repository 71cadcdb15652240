"""Companies that won a contract: what is asked again of the registers until it ends, and what changed."""
