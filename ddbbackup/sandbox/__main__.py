"""``python -m ddbbackup.sandbox``: a sandbox in its own process. Prints one line of JSON when it is ready.

It stops when its standard input is closed, so that it never outlives its parent process.
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
    shortest, longest = options.export_seconds[0], options.export_seconds[-1]
    with sandbox.start(options.port, export_seconds=(shortest, longest)) as running:
        print(json.dumps({"url": running.url}), flush=True)  # noqa: T201  # the line that the parent process reads
        try:
            sys.stdin.read()
        except KeyboardInterrupt:
            return 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
