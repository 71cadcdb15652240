"""Forms as documents to complete and sign: what registers gave with its source and date, blanks where the candidate writes."""
