"""Signed receipts: what the registers said when a form was filled, checked later against what was sent."""
