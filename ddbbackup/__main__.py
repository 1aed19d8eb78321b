"""Makes ``python -m ddbbackup`` the same as ``ddbbackup``."""

from ddbbackup.cli import entry

if __name__ == "__main__":  # worker processes import this module again
    entry()
