"""What agents read: dossiers, and receipts that come back."""
