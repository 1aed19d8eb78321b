"""Verify recorded backups."""
