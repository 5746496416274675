"""The guards of pushes: nothing of anybody is lost, nothing is pushed twice, nothing secret goes out."""

from typing import Final

from tests.guard import Guard

GITHUB: Final = "tests/services/platforms/test_github.py"
TROUBLE: Final = "tests/services/platforms/test_github_trouble.py"
REFUSALS: Final = "tests/services/platforms/test_github_refusals.py"
PUSHES: Final = "tests/resolvers/test_pushes.py"
PUSHING: Final = "services/platforms/github/pushing.py"
DELIVERING: Final = "tests/services/platforms/test_github_delivering.py"
PULLING: Final = "tests/cli/test_pulling.py"
TREE: Final = "services/platforms/github/tree.py"
API: Final = "services/platforms/github/api.py"

OF_PUSHES: Final = (
    Guard(
        "push: the commit of an earlier attempt is found by its mark",
        PUSHING,
        "        if earlier is not None and head.is_there:\n            return earlier, True\n",
        "",
        f"{TROUBLE}::test_a_worker_that_dies_after_any_call_leaves_the_next_one_to_push_once",
    ),
    Guard(
        "push: only the last line of a message is a mark",
        "services/platforms/github/repository.py",
        'self._last(1) == f"{MARK}: {mark}"',
        'f"{MARK}: {mark}" in self.commit.message',
        f"{GITHUB}::test_a_message_can_not_pass_for_a_mark",
    ),
    Guard(
        "push: a file that somebody has changed is not deleted",
        TREE,
        "        and earlier.get(path) != entry.sha\n",
        "        and path not in earlier\n",
        f"{GITHUB}::test_what_people_put_there_stays",
    ),
    Guard(
        "push: files that keep secrets are left out",
        PUSHING,
        " and not _has_secrets(path)}",
        "}",
        f"{GITHUB}::test_what_programs_read_secrets_from_is_never_pushed",
    ),
    Guard(
        "push: a redirect leads nowhere but to the API",
        API,
        '            if not to.startswith(f"{self.base_url}/"):\n',
        "            if not to:\n",
        f"{TROUBLE}::test_a_redirect_to_elsewhere_is_not_followed",
    ),
    Guard(
        "push: a page of single sign-on is GitHub's own",
        API,
        "url=(https://github\\.com/",
        "url=(https://github\\.com",
        f"{REFUSALS}::test_a_page_of_single_sign_on_that_is_none_of_github_is_not_shown",
    ),
    Guard(
        "push: an integration is of GitHub, enabled, and for the project",
        "services/integrations/service.py",
        "        if integration is None or not integration.enabled or integration.type is not type:\n"
        "            return None\n",
        "        assert integration\n",
        f"{PUSHES}::test_an_integration_must_be_one_of_github_for_the_project",
    ),
    Guard(
        "push: an integration of another project is not used",
        "services/integrations/service.py",
        "        if integration.team_id != project.team_id or integration.project_id not in (None, project.id):\n"
        "            return None\n",
        "",
        f"{PUSHES}::test_an_integration_must_be_one_of_github_for_the_project",
    ),
    Guard(
        "delivery: a commit of generated is found by its mark, and not made again on top of later ones",
        "services/platforms/github/generated.py",
        "        if earlier := next((commit for commit in newest if commit.is_for(order.mark)), None):\n"
        "            return Written(earlier.sha, earlier.tree)\n",
        "",
        f"{DELIVERING}::test_an_attempt_that_comes_late_brings_nothing_earlier_back",
    ),
    Guard(
        "delivery: a commit that was squashed or rebased is none of generated",
        "services/platforms/github/repository.py",
        'self._last(2) == f"{TREE}: {self.tree}"',
        'self._last(2).startswith(f"{TREE}: ")',
        f"{DELIVERING}::test_a_branch_that_was_deleted_after_its_merge_goes_on",
    ),
    Guard(
        "delivery: a branch of people is compared with what it had, not with nothing",
        "services/platforms/github/delivering.py",
        "            await self._join(head.commits[0])\n",
        "            return await self._asked_for(generated, newest)\n",
        f"{DELIVERING}::test_a_repository_of_people_is_joined_and_loses_nothing",
    ),
    Guard(
        "delivery: files that keep secrets are left out",
        PUSHING,
        "files=fit(push.files), title",
        "files=push.files, title",
        f"{DELIVERING}::test_secrets_are_not_delivered",
    ),
    Guard(
        "pull: no file of an archive leads into git's own folder",
        "cli/pulling.py",
        "if path_fault(path) or is_of_git(path)",
        "if path_fault(path)",
        f"{PULLING}::test_an_archive_never_leads_out_of_the_folder",
    ),
    Guard(
        "pull: an archive has the files of the generation",
        "cli/pulling.py",
        "    if digests != {path: hashlib.sha256(content).hexdigest() for path, content in files.items()}:\n"
        '        raise Refused("The archive has other files than the generation: try again.")\n',
        "    assert hashlib is not digests\n",
        f"{PULLING}::test_an_archive_with_other_files_is_refused",
    ),
)
