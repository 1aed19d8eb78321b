"""Makes ``python -m ddbbackup`` the same as ``ddbbackup``."""

import sys

from ddbbackup.cli import main

sys.exit(main())
