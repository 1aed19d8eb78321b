"""What a step is and how steps run."""
