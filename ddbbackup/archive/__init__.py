"""The format of a DynamoDB export in S3: where its objects lie, what its manifests say, how its lines look."""
