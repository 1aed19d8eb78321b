"""Back up tables: planning, the steps of a backup, and the export of a table by DynamoDB."""
