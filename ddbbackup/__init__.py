"""Backs up and restores DynamoDB tables from a version-controlled YAML plan."""

__version__ = "0.1.0"
