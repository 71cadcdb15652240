"""The use case: plan, query, fill."""
