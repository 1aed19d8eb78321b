"""What people and machines read: problems and outcomes in every form."""
