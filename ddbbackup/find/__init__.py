"""Items out of restore points, without a restore: ``find`` and ``dump``."""
