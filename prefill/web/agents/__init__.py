"""What the routes for agents need: their parameters, the records of their accesses, documents and archives."""
