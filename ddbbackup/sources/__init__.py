"""From `from` to the data: which backups a restore, a comparison or a search reads, and their files."""
