"""``python -m tests.live``: the live suite on a real AWS account, or on the sandbox. See README.md.

It makes nothing before the environment allows it, the account is the one that is allowed, and the estimate is within
the bound; and it removes everything it made, whatever happens.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import FrameType
from typing import Final

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from tests.live.access import REPLICA_REGION, Permit, Refusal, permit
from tests.live.cleanup import Cleaner
from tests.live.estimate import Charge, total
from tests.live.guard import guarded, was_killed
from tests.live.model import Work
from tests.live.report import Outcome, write_report
from tests.live.stage import PREFIX, Stage, is_emulated, make_client, new_run
from tests.live.suite import Played, charges, chosen, play
from tests.support.launcher import Launcher
from tests.support.speed import collect_garbage_less_often, parse_service_models_once

REFUSED: Final = 2
INTERRUPTED: Final = 130
_OLD: Final = timedelta(hours=6)  # a run that began earlier has ended or was killed


def main() -> int:
    options = _parser().parse_args()
    checks, questions = chosen(options.only)
    works: list[Work] = [*checks, *questions]
    if options.list or not works:
        say("\n".join(each.id for each in works) or f"nothing matches {options.only}")
        return 0 if options.list else REFUSED
    collect_garbage_less_often()
    parse_service_models_once()
    try:
        with ExitStack() as stack:
            allowed = permit(os.environ)
            if allowed.account is None:
                from tests.live.sandbox import enforcing_sandbox  # noqa: PLC0415 - moto, which AWS does not need

                stack.enter_context(enforcing_sandbox())
            launcher = Launcher()
            stage = _stage(allowed, launcher)
            cleaner = _cleaner(stage)
            if options.guard:
                return _guard(stage, options.guard)
            if options.clean:
                return _clean(cleaner)
            rows = charges(works)
            _show(stage, rows, len(checks), len(questions))
            allowed.check_estimate(total(rows))
            if options.estimate:
                return 0
            _remove_old(cleaner)
            stack.enter_context(launcher)
            return _play(stage, options, rows)
    except KeyboardInterrupt:
        print("interrupted; everything was removed, or is named above", file=sys.stderr)
        return INTERRUPTED
    except (Refusal, ClientError, BotoCoreError) as error:
        print(f"refused: {error}", file=sys.stderr)
        return REFUSED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.live", description=__doc__)
    parser.add_argument(
        "--only", default="*", metavar="GLOB", help="ids, such as 'contract/*,bulk-put/bad-line'"
    )
    parser.add_argument("--list", action="store_true", help="print the ids of checks and questions")
    parser.add_argument("--estimate", action="store_true", help="print the estimate, and stop")
    parser.add_argument("--clean", action="store_true", help="remove everything that any run left, and stop")
    parser.add_argument("--report", type=Path, default=Path("live-report.json"), metavar="FILE")
    parser.add_argument("--guard", metavar="PREFIX", help=argparse.SUPPRESS)
    return parser


def say(text: str) -> None:
    print(text, flush=True)


def _stage(allowed: Permit, launcher: Launcher) -> Stage:
    """Raises ``Refusal`` without a region, and for credentials of another account."""
    session = boto3.Session()
    region = os.environ.get("AWS_REGION") or session.region_name
    if not region:
        raise Refusal("no region is set; set AWS_REGION")
    sts = make_client(session, "sts", region)
    account = allowed.check_account(sts)
    other = os.environ.get(REPLICA_REGION) or ("eu-central-1" if region != "eu-central-1" else "eu-west-1")
    if other == region:
        raise Refusal(f"{REPLICA_REGION} must be another region than {region}")
    return Stage(
        account=account,
        partition=session.get_partition_for_region(region),
        region=region,
        other_region=other,
        run=new_run(),
        emulated=is_emulated(),
        session=session,
        launcher=launcher,
    )


def _cleaner(stage: Stage, prefix: str = PREFIX) -> Cleaner:
    regions = (stage.region, stage.other_region)
    return Cleaner(stage.session, regions, prefix, pause_seconds=0.2 if stage.emulated else 10.0)


def _show(stage: Stage, rows: Sequence[Charge], checks: int, questions: int) -> None:
    where = "the sandbox" if stage.emulated else f"AWS account {stage.account}"
    say(f"{checks} checks and {questions} questions on {where} in {stage.region} and {stage.other_region}")
    for row in rows:
        usd = "unknown" if row.usd is None else f"{row.usd:.4f} USD"
        say(f"  {row.what}: {row.quantity:,.6g} {row.unit}, {usd} ({row.confidence})")
    say(f"estimate: {total(rows):.2f} USD, without what is unknown")


def _remove_old(cleaner: Cleaner) -> None:
    """What runs left that cannot be running any more. Raises ``Refusal`` for what may belong to a running one."""
    found = cleaner.leftovers()
    now = datetime.now(UTC)
    young = [each for each in found if each.began is not None and now - each.began < _OLD]
    if young:
        raise Refusal(
            f"another run began at {min(each.began for each in young if each.began):%H:%M} UTC and has not removed "
            f"{young[0]} yet; if it is not running any more, run `python -m tests.live --clean`"
        )
    if found:
        _report_left(cleaner.remove_all(say))


def _clean(cleaner: Cleaner) -> int:
    return _report_left(cleaner.remove_all(say))


def _guard(stage: Stage, prefix: str) -> int:
    if not prefix.startswith(PREFIX):
        raise Refusal(f"{prefix} is not a prefix of the suite")
    if not was_killed():
        return 0
    cleaner = _cleaner(stage, prefix)
    while True:  # runs of ddbbackup that outlive the suite may still make something
        left = cleaner.remove_all()
        time.sleep(1.0 if stage.emulated else 120.0)
        if left or not cleaner.leftovers():
            return _report_left(left)


def _report_left(left: Sequence[str]) -> int:
    for each in left:
        print(f"not removed: {each}", file=sys.stderr)
    return 1 if left else 0


def _play(stage: Stage, options: argparse.Namespace, rows: Sequence[Charge]) -> int:
    checks, questions = chosen(options.only)
    began = datetime.now(UTC)
    left: list[str] = []
    played = Played()
    say(f"the names of this run begin with {stage.prefix}")
    with guarded(stage):
        try:
            with _interruptible():
                play(stage, checks, questions, played, say)
        finally:
            left = _cleaner(stage, stage.prefix).remove_all()
            results = [played.results[each.id] for each in checks if each.id in played.results]
            answers = [played.answers[each.id] for each in questions if each.id in played.answers]
            outcome = Outcome(began, results, answers, left)
            write_report(options.report, stage, rows, outcome)
            for each in outcome.problems:
                print(each, file=sys.stderr)
    say(
        f"{sum(each.passed for each in results)} of {len(results)} checks passed; {options.report} has the answers"
    )
    return 1 if outcome.problems else 0


@contextmanager
def _interruptible() -> Iterator[None]:
    """SIGTERM and SIGHUP end the run as Ctrl-C does, so that it removes what it made."""

    def stop(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


if __name__ == "__main__":
    sys.exit(main())
