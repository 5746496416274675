"""The guards of pushes: nothing of anybody is lost, nothing is pushed twice, nothing secret goes out."""

from typing import Final

from tests.guard import Guard

GITHUB: Final = "tests/services/platforms/test_github.py"
TROUBLE: Final = "tests/services/platforms/test_github_trouble.py"
REFUSALS: Final = "tests/services/platforms/test_github_refusals.py"
PUSHES: Final = "tests/resolvers/test_pushes.py"
PUSHING: Final = "services/platforms/github/pushing.py"
TREE: Final = "services/platforms/github/tree.py"
API: Final = "services/platforms/github/api.py"

OF_PUSHES: Final = (
    Guard(
        "push: the commit of an earlier attempt is found by its mark",
        PUSHING,
        "            if earlier is not None and head.is_there:\n                return earlier, True\n",
        "",
        f"{TROUBLE}::test_a_worker_that_dies_after_any_call_leaves_the_next_one_to_push_once",
    ),
    Guard(
        "push: only the last line of a message is a mark",
        "services/platforms/github/repository.py",
        'self.commit.message.rstrip().rpartition("\\n")[2] == f"{MARK}: {mark}"',
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
)
