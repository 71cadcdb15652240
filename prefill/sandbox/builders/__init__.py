"""Builders of the sandbox's answers, by register."""
