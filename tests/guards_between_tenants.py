"""The guards that keep what is one team's or one user's from others."""

from typing import Final

from tests.guard import Guard

REPEATS: Final = "tests/resolvers/test_repeats.py"
IDEMPOTENCY: Final = "services/foundation/limits/idempotency.py"

BETWEEN_TENANTS: Final = (
    Guard(
        "repeat: what an earlier try made is read by the policy",
        "services/documentation/service.py",
        "                return await self.get(PageId(attempt.done), by=by)\n",
        "                return await self.table.find(attempt.done)\n",
        f"{REPEATS}::test_who_has_left_the_team_is_not_shown_what_they_made",
    ),
    Guard(
        "repeat: another request with the same clientMutationId is refused",
        IDEMPOTENCY,
        "    if key.arguments not in (None, *digests):\n        raise OtherArguments\n",
        "",
        f"{REPEATS}::test_the_same_id_with_another_request_is_a_conflict",
    ),
    Guard(
        "repeat: an API key's clientMutationIds are its own",
        IDEMPOTENCY,
        'who = by.user_id if by.key_id is None else f"{by.user_id}/{by.key_id}"',
        "who = by.user_id",
        f"{REPEATS}::test_an_api_keys_ids_are_its_own",
    ),
    Guard(
        "repeat: only a try that did everything is not gone on with",
        IDEMPOTENCY,
        "earlier and earlier.is_done",
        "earlier",
        f"{REPEATS}::test_a_try_that_was_cut_short_before_the_queue_is_gone_on_with_once",
    ),
    Guard(
        "repeat: a try that did everything does nothing more",
        IDEMPOTENCY,
        "        await attempt.finish(self.now())\n",
        "",
        f"{REPEATS}::test_a_repeat_shows_what_was_made_without_its_secret_and_does_nothing",
    ),
    Guard(
        "diff: files with too many different lines are not compared",
        "services/generations/diff.py",
        "    if len(old) * len(new) > MOST_COMPARISONS:\n        return None\n",
        "",
        "tests/services/generations/test_diff.py::test_so_many_different_lines_are_not_compared",
    ),
    Guard(
        "diff: what all files take is limited",
        "services/generations/diff.py",
        "None if time.monotonic() > until else _patch(path, old, new)",
        "_patch(path, old, new)",
        "tests/services/generations/test_diff.py::test_once_the_time_is_over_files_are_named_without_their_patches",
    ),
    Guard(
        "outbound: a team has a few calls under way at once",
        "services/foundation/outbound/client.py",
        "asyncio.Semaphore(MOST_OF_TEAM))",
        "asyncio.Semaphore(1000))",
        "tests/services/foundation/outbound/test_resolver.py::test_slow_servers_of_one_team_hold_nobody_else_up",
    ),
    Guard(
        "outbound: a call that is given up leaves its team the turn",
        "services/foundation/outbound/client.py",
        "        finally:\n            turn.release()\n",
        "        finally:\n            pass\n",
        "tests/services/foundation/outbound/test_resolver.py::test_a_look_up_that_is_given_up_leaves_the_team_its_turns",
    ),
    Guard(
        "npm: one that does not keep to its registry is not used",
        "services/checks/packages.py",
        "                await self._require_guard(program, staging)\n",
        "                pass\n",
        "tests/services/checks/test_packages.py::test_an_npm_that_does_not_know_the_guard_is_not_used",
    ),
    Guard(
        "sign-in: a token for another page does not sign in",
        "services/foundation/auth/tokens.py",
        "if party is not None and not self._is_authorized(_text(party)):",
        "if self.authorized_parties and party is not None and not self._is_authorized(_text(party)):",
        "tests/services/foundation/auth/test_tokens.py::test_a_token_of_another_page_does_not_sign_in",
    ),
    Guard(
        "sign-in: a session that is pending is not signed in",
        "services/foundation/auth/tokens.py",
        'if claims.get("sts", ACTIVE) != ACTIVE:',
        "if False:",
        "tests/services/foundation/auth/test_tokens.py::test_a_session_that_is_not_active_is_not_signed_in",
    ),
    Guard(
        "asking: a telephone is told of nothing before its code was entered",
        "services/notifications/targets.py",
        "        if target.channel is Channel.EMAIL:\n            return await self._subscribe(target)\n",
        "        return await self._subscribe(target)\n",
        "tests/services/notifications/test_confirmations.py::test_a_telephone_is_told_once_its_code_was_entered",
    ),
    Guard(
        "asking: wrong codes are counted",
        "services/notifications/confirmations.py",
        "sent.tries >= CODE_TRIES or ",
        "",
        "tests/services/notifications/test_confirmations.py::test_a_wrong_code_confirms_nothing_and_after_five_none_is_right",
    ),
    Guard(
        "asking: an address is asked a few times an hour, whoever asks",
        "services/notifications/confirmations.py",
        "        await address.take(",
        "        await user.take(",
        "tests/services/notifications/test_confirmations.py::test_an_address_is_asked_three_times_an_hour_whoever_asks",
    ),
    Guard(
        "deleting: a list is gone over to its end",
        "services/foundation/aws/reading.py",
        '            if "LastEvaluatedKey" not in answer:\n                return\n            start = {',
        "            return\n            start = {",
        "tests/services/lifecycle/test_fates.py::test_everything_of_a_project_with_more_jobs_than_a_page_is_stopped_and_purged",
    ),
    Guard(
        "deleting: a table says what its items go with",
        "services/foundation/aws/spec.py",
        '            raise ValueError(f"The table {self.name} does not say what its items go with.")\n',
        "            pass\n",
        "tests/services/lifecycle/test_fates.py::test_a_table_that_does_not_say_what_becomes_of_its_items_does_not_start",
    ),
    Guard(
        "deleting: what a user alone has goes with the account",
        "services/lifecycle/accounts.py",
        "        await self.own.delete(user_id)\n",
        "",
        "tests/services/lifecycle/test_fates.py::test_nothing_is_left_but_what_stays_or_expires",
    ),
    Guard(
        "conflict: its object is shown to whom may see it",
        "resolvers/mutations.py",
        "answer = payload.with_current(conflict.current) if is_seen else payload()",
        "answer = payload.of(conflict.current) if conflict.current else payload()",
        "tests/resolvers/test_conflicts.py::test_a_conflict_shows_the_object_to_whom_may_see_it",
    ),
)
