"""What a candidate is told of the processing of its data, before any register is queried."""
