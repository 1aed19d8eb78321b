"""The recorded terminal of the README: ``make recording``."""
