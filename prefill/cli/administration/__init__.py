"""Commands of who looks after tenants, keys and the audit trail."""
