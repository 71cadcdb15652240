"""The form author's kit: test cases beside a form, what a form leaves to type, what changed between two versions."""
