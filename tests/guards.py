"""The guards that keep streams and jobs right, each with the test that fails when it is removed.

`python -m tests.guards` removes one at a time in a copy of the tree, runs its test there, expects it to fail, and
writes docs/guards.md.
"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

from tests.guard import Guard
from tests.guards_between_tenants import BETWEEN_TENANTS
from tests.guards_of_models import OF_MODELS
from tests.guards_of_pushes import OF_PUSHES

ROOT: Final = Path(__file__).parent.parent
PATIENCE: Final = 45
"""Seconds after which a test that hangs without its guard counts as failed."""

PASSED, USAGE_ERROR, NO_TESTS = 0, 4, 5
"""pytest's exit codes that say nothing failed."""

CONFORMANCE: Final = "tests/services/foundation/events/test_log_conformance.py"
HUB: Final = "tests/services/foundation/events/test_hub.py"
BUDGETS: Final = "tests/services/usage/test_budgets.py"
USAGE: Final = "services/usage/service.py"
WORKER: Final = "tests/services/foundation/jobs/test_worker.py"
TABLES: Final = "tests/services/foundation/aws/test_tables.py"
SSRF: Final = "tests/services/foundation/outbound/test_ssrf.py"
OUTBOUND: Final = "services/foundation/outbound/connect.py"
MEMORY: Final = "services/foundation/events/memory.py"
REDIS: Final = "services/foundation/events/redis_scripts.py"
SHARDED: Final = "tests/services/foundation/events/test_sharded_log.py"


GUARDS: Final = (
    *BETWEEN_TENANTS,
    *OF_MODELS,
    *OF_PUSHES,
    Guard(
        "fence: a stale attempt's append is refused (memory)",
        MEMORY,
        "        if attempt < self.attempt:\n            raise Fenced\n",
        "",
        f"{CONFORMANCE}::test_a_new_attempt_replaces_the_old_one_and_counts_from_one",
    ),
    Guard(
        "fence: a stale attempt's append is refused (Redis)",
        REDIS,
        "if attempt < before then return {1, 0} end\n",
        "",
        f"{CONFORMANCE}::test_a_new_attempt_replaces_the_old_one_and_counts_from_one",
    ),
    Guard(
        "terminal close: nothing follows the terminal event (memory)",
        MEMORY,
        "        if self.closed and producer_seq + count - 1 > stored:\n            raise Closed\n",
        "",
        f"{CONFORMANCE}::test_a_closed_stream_takes_no_more",
    ),
    Guard(
        "terminal close: nothing follows the terminal event (Redis)",
        REDIS,
        "if was[5] == '1' and final > stored then return {2, 0} end\n",
        "",
        f"{CONFORMANCE}::test_a_closed_stream_takes_no_more",
    ),
    Guard(
        "dedupe: a repeated producerSeq is not stored again (memory)",
        MEMORY,
        "return min(count, stored - producer_seq + 1)",
        "return 0",
        f"{CONFORMANCE}::test_a_repeat_is_acknowledged_with_its_seq_and_not_stored_again",
    ),
    Guard(
        "dedupe: a repeated producerSeq is not stored again (Redis)",
        REDIS,
        "for index = stored - first + 2, count do",
        "for index = 1, count do",
        f"{CONFORMANCE}::test_of_an_append_that_is_partly_a_repeat_the_rest_is_stored",
    ),
    Guard(
        "gap: a missing producerSeq is refused (memory)",
        MEMORY,
        "        if producer_seq > stored + 1:\n            raise ProducerGap\n",
        "",
        f"{CONFORMANCE}::test_leaving_out_a_producer_number_is_refused",
    ),
    Guard(
        "gap: a missing producerSeq is refused (Redis)",
        REDIS,
        "if first > stored + 1 then return {3, 0} end\n",
        "",
        f"{CONFORMANCE}::test_leaving_out_a_producer_number_is_refused",
    ),
    Guard(
        "subscribe before range: whoever begins to watch looks once more",
        MEMORY,
        "        bell = Bell(hear)\n        bell.ring()\n",
        "        bell = Bell(hear)\n",
        f"{CONFORMANCE}::test_watching_yields_at_once",
    ),
    Guard(
        "servers: the log answers while one of its servers does",
        "services/foundation/events/sharded.py",
        "            error = unavailable\n",
        "            raise unavailable\n",
        f"{SHARDED}::test_one_that_says_no_at_once_does_not_speak_for_one_that_takes_its_time",
    ),
    Guard(
        "one reader: followers of a stream share a feed",
        "services/foundation/events/hub.py",
        "            self._feeds[stream] = feed\n",
        "",
        f"{HUB}::test_many_subscribers_share_one_reader_which_goes_with_the_last",
    ),
    Guard(
        "condition on the record: a write needs the version that was read",
        "services/foundation/aws/conditions.py",
        '"ConditionExpression": "#version = :version",',
        '"ConditionExpression": "#version = :version OR attribute_exists(id)",',
        f"{TABLES}::test_concurrent_updates_all_count",
    ),
    Guard(
        "write mark: our own repeated write is told from another's",
        "services/foundation/aws/writing.py",
        "return stored is not None and stored.get(_MARK) == mark",
        "return stored is not None",
        f"{TABLES}::test_concurrent_updates_all_count",
    ),
    Guard(
        "condition on the attempt: a zombie's write to the record is refused",
        "services/foundation/jobs/run.py",
        "            if old.attempt != attempt or old.finished_at is not None:\n"
        "                raise LeaseLost\n            stopping",
        "            stopping",
        f"{WORKER}::test_a_zombies_writes_are_refused",
    ),
    Guard(
        "lease: a job that is held is not claimed",
        "services/foundation/jobs/run.py",
        "old.lease.until if old.lease else moment, ",
        "",
        f"{WORKER}::test_a_message_delivered_twice_has_one_effect",
    ),
    Guard(
        "end: a job that has ended is not claimed",
        "services/foundation/jobs/run.py",
        "        if old.finished_at is not None:\n            raise Finished\n",
        "",
        f"{WORKER}::test_a_message_delivered_twice_has_one_effect",
    ),
    Guard(
        "heartbeat: the lease of a long job is extended",
        "services/foundation/jobs/run.py",
        "        at_once(table.update(self.run.record.id, change))\n        return None if",
        "        return None if",
        f"{WORKER}::test_a_long_job_keeps_its_lease",
    ),
    Guard(
        "heartbeat cancel: a request to stop or a lost lease cuts the run short",
        "services/foundation/jobs/run.py",
        "self.loop.call_soon_threadsafe(self.run.interrupt, why)",
        "pass",
        f"{WORKER}::test_a_cancel_reaches_a_running_job",
    ),
    Guard(
        "heartbeat cancel: a run whose job another has claimed ends",
        "services/foundation/jobs/run.py",
        "            return Interrupt.LOST\n        if record.is_urgent:\n",
        "            return None\n        if record.is_urgent:\n",
        f"{WORKER}::test_a_run_whose_job_another_has_claimed_is_cut_short",
    ),
    Guard(
        "a status that says CANCELING stays until the end",
        "services/foundation/jobs/run.py",
        'stopping = old.stop is not None and "finished_at" not in changes',
        "stopping = False",
        f"{WORKER}::test_a_request_to_stop_is_not_overwritten_by_a_run_that_has_not_seen_it",
    ),
    Guard(
        "settle: a delivery that finds the job ended repairs what is missing",
        "services/foundation/jobs/worker.py",
        "                await self.handler.settle(ended)\n",
        "                pass\n",
        f"{WORKER}::test_a_message_delivered_twice_has_one_effect",
    ),
    Guard(
        "settle: the stream of an ended generation is closed",
        "services/generations/history.py",
        "            close=True,\n",
        "",
        "tests/services/generations/test_history.py::test_a_stream_that_was_not_closed_is_closed_by_the_next_delivery",
    ),
    Guard(
        "poison: a job that loses every worker ends",
        "services/foundation/jobs/worker.py",
        "run.record.crashes >= MAX_CRASHES",
        "run.record.crashes >= 1000",
        f"{WORKER}::test_a_job_that_loses_every_worker_ends_as_poison",
    ),
    Guard(
        "hand-over: a drained job comes back as a fresh message",
        "services/foundation/jobs/worker.py",
        "                await run.save(lease=None)\n                await self._requeue(run.record)\n",
        "                await run.save(lease=None)\n",
        f"{WORKER}::test_a_worker_that_stops_hands_its_job_over_without_counting_it",
    ),
    Guard(
        "fairness: a team has at most half of the slots",
        "services/foundation/jobs/worker.py",
        "if self._teams[delivery.group] >= (self.per_team or max(1, self.slots // 2)):",
        "if self._teams[delivery.group] >= 1000:",
        f"{WORKER}::test_one_teams_many_jobs_do_not_delay_anothers_one",
    ),
    Guard(
        "sweeper: a job whose message was lost is sent again",
        "services/foundation/jobs/sweeper.py",
        "            await self.queue.send(record.id, group=record.team_id)\n",
        "            pass\n",
        f"{WORKER}::test_a_job_whose_message_was_lost_is_sent_again",
    ),
    Guard(
        "deadline: a job that takes too long ends",
        "services/foundation/jobs/worker.py",
        "limit = asyncio.timeout(self._remaining(run.record))",
        "limit = asyncio.timeout(None)",
        f"{WORKER}::test_a_job_that_takes_longer_than_it_may_fails",
    ),
    Guard(
        "sweeper: an end that nobody has announced is settled",
        "services/foundation/jobs/sweeper.py",
        "            await self.handler.settle(record)\n",
        "            pass\n",
        f"{WORKER}::test_an_end_that_nobody_has_announced_is_settled_by_the_sweeper_once",
    ),
    Guard(
        "budget: a reservation is written only where there is room",
        USAGE,
        "amounts, at_most=room)",
        "amounts)",
        f"{BUDGETS}::test_a_thousand_requests_at_once_at_a_budgets_edge_overspend_by_nothing",
    ),
    Guard(
        "settlement: what is settled is not settled again",
        USAGE,
        "record.reservation is None or record.settled_at is not None or record.finished_at is None",
        "record.reservation is None or record.finished_at is None",
        f"{BUDGETS}::test_however_often_and_wherever_an_end_is_settled_it_counts_once",
    ),
    Guard(
        "allowance: no more is asked for than is left of it",
        "services/usage/allowance.py",
        "most = left - prompt_tokens(request)",
        "most = 10**9",
        "tests/services/usage/test_allowance.py::test_however_often_it_is_asked_no_more_is_used_than_reserved",
    ),
    Guard(
        "rate: a minute has no more than it may",
        "services/foundation/aws/entries.py",
        "size(#map) < :most",
        ":most = :most",
        "tests/services/foundation/limits/test_rate_limit.py::test_of_many_at_once_in_two_processes_exactly_as_many_pass_as_may",
    ),
    Guard(
        "SSRF: every address of a host is checked before any is dialed",
        OUTBOUND,
        "        if not all(self._allowed(address) for address in addresses):\n            raise AddressRefused\n",
        "",
        f"{SSRF}::test_the_connections_alone_keep_that_whatever_the_client_above_them_does",
    ),
    Guard(
        "SSRF: one address that is not public refuses them all",
        OUTBOUND,
        "if not all(self._allowed(address)",
        "if not any(self._allowed(address)",
        f"{SSRF}::test_no_url_of_the_corpus_makes_a_forbidden_connection",
    ),
    Guard(
        "SSRF: the address that was checked is dialed, and its name not resolved again",
        OUTBOUND,
        "self._dial.connect_tcp(address, port",
        "self._dial.connect_tcp(host, port",
        f"{SSRF}::test_what_is_public_is_reached",
    ),
    Guard(
        "due: a delivery's attempt is claimed by one message, and not before its time",
        "services/notifications/attempt.py",
        "        if old.next_attempt_at is not None and old.next_attempt_at > now:\n"
        "            raise _NotDue(old.next_attempt_at)\n",
        "",
        "tests/services/notifications/test_deliveries.py::test_a_message_that_comes_early_or_twice_sends_nothing_more",
    ),
)


def main() -> None:
    """Try every guard, or those whose names hold the given words; exit with 1 where one goes unnoticed."""
    unnoticed: list[str] = []
    with tempfile.TemporaryDirectory(prefix="snapinfra-guards-") as folder:
        copy = Path(folder)
        _copy_to(copy)
        for guard in (guard for guard in GUARDS if all(word in guard.name for word in sys.argv[1:])):
            ended = _without(guard, copy)
            noticed = ended.returncode not in (PASSED, USAGE_ERROR, NO_TESTS)
            print("noticed  " if noticed else "UNNOTICED", guard.name, flush=True)  # noqa: T201 - a program's output
            if not noticed:
                print(ended.stdout.decode()[-2000:])  # noqa: T201 - same
                unnoticed.append(guard.name)
    if unnoticed:
        sys.exit(1)
    if sys.argv[1:]:
        return
    (ROOT / "docs" / "guards.md").write_text(page())


def page() -> str:
    """Write the list as a page."""
    rows = "\n".join(
        f"| {guard.name} | `{guard.file}` | `{guard.test.rpartition('::')[2]}` in `{guard.test.partition('::')[0]}` |"
        for guard in GUARDS
    )
    return (
        "# Guards and their tests\n\nGenerated by `make guards`, which removes each guard in a copy of the tree and "
        "sees its test fail.\n\n| guard | where | the test that fails without it |\n|---|---|---|\n"
        f"{rows}\n"
    )


def _copy_to(copy: Path) -> None:
    files = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.splitlines()
    for name in files:
        if (ROOT / name).is_file():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, copy / name)
    (copy / ".tools").symlink_to(ROOT / ".tools")


def _without(guard: Guard, copy: Path) -> "subprocess.CompletedProcess[bytes]":
    """Run a guard's test in the copy while the guard is gone there."""
    file = copy / guard.file
    text = file.read_text()
    file.write_text(text.replace(guard.there, guard.gone))
    try:
        return subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-x", f"--timeout={PATIENCE}", guard.test],
            cwd=copy,
            check=False,
            capture_output=True,
        )
    finally:
        file.write_text(text)


if __name__ == "__main__":
    main()
