"""Retention: which restore points of a table to keep, and the removal of the others."""
