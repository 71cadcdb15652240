"""A prefill as other documents: ESPD XML, and documents to sign."""
