"""The audit trail of accesses to protected data."""
