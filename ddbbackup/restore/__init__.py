"""What a restore is made of: where the data comes from, what it goes into, and each method by which it goes."""
