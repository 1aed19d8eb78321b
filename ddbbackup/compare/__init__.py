"""Compares a restore point with a live table: what `diff` shows."""
