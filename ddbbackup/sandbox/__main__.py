"""``python -m ddbbackup.sandbox``: a sandbox as a process of its own. Prints one line of JSON when it is ready.

It ends when its standard input closes, so that it never outlives whoever started it.
"""

from __future__ import annotations

import argparse
import json
import sys

from ddbbackup import sandbox


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m ddbbackup.sandbox", description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--export-seconds", type=float, nargs="+", default=[2.0, 4.0], metavar="S")
    options = parser.parse_args()
    seconds = options.export_seconds
    with sandbox.start(options.port, export_seconds=(seconds[0], seconds[-1])) as running:
        print(json.dumps({"url": running.url}), flush=True)  # noqa: T201  # its one line of output
        try:
            sys.stdin.read()
        except KeyboardInterrupt:
            return 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
