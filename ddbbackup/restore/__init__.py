"""Restore tables: resolve the source and the target, select a method, write the items, apply the settings."""
