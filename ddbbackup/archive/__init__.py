"""The format of a DynamoDB export in S3: the location of its objects, its manifests, its data files."""
