"""The backup status of tables: the last complete backup, and tables that the plan no longer selects."""
