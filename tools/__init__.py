"""Programs for developing ddbbackup; none of this is in the wheel."""
