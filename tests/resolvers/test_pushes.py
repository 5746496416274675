"""What the schema promises of pushes to GitHub, against its fake."""

import io
import zipfile
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from services.core.tls import trusted
from services.platforms.github.tree import MANIFEST
from tests.fakes.targets.github import FakeGitHub
from tests.resolvers.deployed import Deployed
from tests.snapinfra import Server, User, events, serving, settings

FIELDS = (
    "id repository repositoryUrl branch commit commitUrl hasChanges createdRepository"
    " isMerged generatedCommit pullRequestUrl files { path outcome }"
    " project { id } generation { id } pushedBy { id }"
)
PUSH = f"""
mutation($input: PushToGitHubInput!) {{
  pushToGitHub(input: $input) {{ push {{ {FIELDS} }} userErrors {{ code message field }} }}
}}"""


@pytest.fixture(scope="module")
def running() -> Iterator[FakeGitHub]:
    with FakeGitHub() as fake:
        yield fake


@pytest.fixture
def github(running: FakeGitHub) -> Iterator[FakeGitHub]:
    """The fake, with nothing in it."""
    yield running
    running.repositories.clear()
    running.awkward.clear()
    running.is_revoked = running.is_secondary = False


@pytest.fixture(scope="module")
def server(emulator: str, running: FakeGitHub, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    data = str(tmp_path_factory.mktemp("data"))
    with serving(settings(emulator, SNAPINFRA_DATA=data, GITHUB_API_URL=running.url)) as server:
        yield server


@pytest.fixture
async def project(alice: User) -> Deployed:
    return await Deployed.with_code(alice)


async def connected(user: User, token: str, *, kind: str = "GITHUB", **more: Any) -> str:
    """Create an integration and return its id."""
    created = await user.ask(
        "mutation($input: CreateIntegrationInput!) { createIntegration(input: $input)"
        " { integration { id } userErrors { message } } }",
        input={"type": kind, "credentials": {"token": token}, **more},
    )
    return created["createIntegration"]["integration"]["id"]


async def push(project: Deployed, **more: Any) -> dict[str, Any]:
    asked = await project.user.result(PUSH, input={"generationId": project.generation_id, **more})
    return asked["data"]["pushToGitHub"]


async def pushed(project: Deployed, **more: Any) -> dict[str, Any]:
    """Push and return the push."""
    answer = await push(project, **more)
    assert answer["userErrors"] == []
    return answer["push"]


async def refusal(project: Deployed, **more: Any) -> dict[str, Any]:
    """Push and return what is wrong with it."""
    answer = await push(project, **more)
    assert answer["push"] is None
    (error,) = answer["userErrors"]
    return error


async def archived(project: Deployed) -> dict[str, bytes]:
    """Return the files of the generation's archive, as a user downloads it."""
    seen = await project.user.ask("query($id: ID!) { generation(id: $id) { downloadUrl } }", id=project.generation_id)
    async with httpx.AsyncClient(verify=trusted()) as http:
        archive = zipfile.ZipFile(io.BytesIO((await http.get(seen["generation"]["downloadUrl"])).content))
    return {name: archive.read(name) for name in archive.namelist()}


def own(github: FakeGitHub, name: str = "octocat/users", branch: str = "main") -> dict[str, bytes]:
    files = github.repositories[name].files(branch)
    return {path: content for path, content in files.items() if path != MANIFEST}


async def test_code_is_pushed_to_a_new_private_repository(project: Deployed, github: FakeGitHub) -> None:
    await connected(project.user, github.token)

    result = await pushed(project, repository="users")

    repository = github.repositories["octocat/users"]
    assert repository.is_private
    assert own(github) == await archived(project)
    assert repository.messages()[0] == "Generation 2 of Users"
    commit = repository.git.branches["main"]
    viewer = await project.user.ask("{ viewer { id } }")
    assert result == {
        "id": result["id"],
        "repository": "octocat/users",
        "repositoryUrl": "https://github.com/octocat/users",
        "branch": "main",
        "commit": commit,
        "commitUrl": f"https://github.com/octocat/users/commit/{commit}",
        "hasChanges": True,
        "createdRepository": True,
        "isMerged": True,
        "generatedCommit": commit,
        "pullRequestUrl": None,
        "files": [],
        "project": {"id": project.project_id},
        "generation": {"id": project.generation_id},
        "pushedBy": {"id": viewer["viewer"]["id"]},
    }
    assert f"Snapinfra-Id: {result['id']}" in repository.git.commits[commit].message
    node = await project.user.ask(
        f"query($id: ID!) {{ node(id: $id) {{ ... on Push {{ {FIELDS} }} }} }}", id=result["id"]
    )
    assert node["node"] == result


async def test_the_next_push_needs_only_the_generation(project: Deployed, github: FakeGitHub) -> None:
    await connected(project.user, github.token)
    first = await pushed(project, repository="octocat/users", branch="next", message="Begin\n\nWith users.")
    repository = github.repositories["octocat/users"]
    assert repository.messages("next")[0] == "Begin"

    same = await pushed(project)
    mine = repository.push("next", {"package.json": b"{}"})
    again = await pushed(project, message="Again")

    assert (same["repository"], same["branch"], same["commit"]) == ("octocat/users", "next", first["commit"])
    assert (same["hasChanges"], same["createdRepository"]) == (False, False)
    assert (again["branch"], again["hasChanges"], again["commit"]) == ("next", False, mine.sha)
    assert repository.messages("next")[:2] == ["By hand", "Begin"]
    assert own(github, branch="next") == {**await archived(project), "package.json": b"{}"}
    assert own(github, branch="generated") == await archived(project)
    seen = await project.user.ask(
        "query($id: ID!) { project(id: $id) { pushes { nodes { id } }"
        " activity(first: 100) { nodes { entityType entityId verb title } } } }",
        id=project.project_id,
    )
    assert [node["id"] for node in seen["project"]["pushes"]["nodes"]] == [again["id"], same["id"], first["id"]]
    entry = {"entityType": "PUSH", "entityId": again["id"], "verb": "CREATED", "title": "users"}
    assert entry in seen["project"]["activity"]["nodes"]


async def test_what_people_changed_stays_when_it_is_generated_anew(project: Deployed, github: FakeGitHub) -> None:
    await connected(project.user, github.token)
    await pushed(project, repository="octocat/users")
    repository = github.repositories["octocat/users"]
    readme = repository.files()["README.md"]
    mine = {"README.md": readme + b"# Mine\n", "src/mine.ts": b"export {};\n", ".gitignore": b"mine\n"}
    repository.push("main", mine)
    schema = await project.user.generate(project.project_id, "SCHEMA", prompt="A library of books with their authors")
    await events(project.user, schema)
    newer = Deployed(project.user, project.project_id, await project.user.generate(project.project_id, "CODE"))
    await events(project.user, newer.generation_id)

    merged = await pushed(newer)
    repository.push("main", {"README.md": b"# Mine alone\n"})
    earlier = await pushed(project)

    code = await archived(newer)
    kept = {"path": ".gitignore", "outcome": "KEPT"}
    assert code["README.md"] != readme
    assert merged["isMerged"]
    assert merged["files"] == [kept, {"path": "README.md", "outcome": "MERGED"}]
    assert (earlier["isMerged"], earlier["hasChanges"]) == (False, False)
    assert earlier["files"] == [{"path": "README.md", "outcome": "CONFLICT"}, kept]
    assert earlier["pullRequestUrl"] == "https://github.com/octocat/users/pull/1"
    assert own(github)["src/mine.ts"] == b"export {};\n"
    assert own(github)["README.md"] == b"# Mine alone\n"
    assert own(github, branch="generated") == await archived(project)


async def test_which_integration_is_used_can_be_said(project: Deployed, github: FakeGitHub) -> None:
    works = await connected(project.user, github.token)
    await connected(project.user, "ghp_of_nobody_at_all")

    newest = await refusal(project, repository="octocat/users")
    await pushed(project, repository="octocat/users", integrationId=works)
    remembered = await push(project)

    assert (newest["field"], newest["code"]) == (["integrationId"], "BAD_USER_INPUT")
    assert "replace them" in newest["message"]
    assert remembered["userErrors"] == []


async def test_an_integration_must_be_one_of_github_for_the_project(
    project: Deployed, github: FakeGitHub, bob: User
) -> None:
    other = await Deployed.with_code(project.user)
    others = await connected(project.user, github.token, projectId=other.project_id)
    disabled = await connected(project.user, github.token)
    await project.user.ask(
        "mutation($id: ID!) { updateIntegration(input: {integrationId: $id, enabled: false}) { integration { id } } }",
        id=disabled,
    )
    render = await connected(project.user, github.token, kind="RENDER")

    refusals = [await refusal(project, repository="users", integrationId=each) for each in (others, disabled, render)]
    none = await refusal(project, repository="users")
    foreign = await project.user.result(
        PUSH,
        input={
            "generationId": project.generation_id,
            "repository": "users",
            "integrationId": await connected(bob, github.token),
        },
    )

    assert {(error["code"], *error["field"]) for error in [*refusals, none]} == {("BAD_USER_INPUT", "integrationId")}
    assert foreign["errors"][0]["extensions"]["code"] == "NOT_FOUND"
    assert not github.repositories


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({}, "repository"),
        ({"repository": "a/b/c"}, "repository"),
        ({"repository": ""}, "repository"),
        ({"repository": "users", "branch": "a..b"}, "branch"),
        ({"repository": "users", "branch": ""}, "branch"),
        ({"repository": "users", "message": ""}, "message"),
        ({"repository": "users", "message": "x" * 2_001}, "message"),
    ],
)
async def test_what_can_not_be_pushed_so_is_said_by_its_field(
    project: Deployed, github: FakeGitHub, given: dict[str, Any], field: str
) -> None:
    await connected(project.user, github.token)

    error = await refusal(project, **given)

    assert (error["code"], error["field"]) == ("BAD_USER_INPUT", [field])
    assert not github.repositories


async def test_only_whole_code_is_pushed(project: Deployed, github: FakeGitHub) -> None:
    await connected(project.user, github.token)
    schema = Deployed(project.user, project.project_id, await project.user.generate(project.project_id, "SCHEMA"))

    error = await refusal(schema, repository="users")

    assert error["field"] == ["generationId"]
    assert not github.repositories


@pytest.mark.parametrize(
    ("what", "field"), [("protected", "branch"), ("archived", "repository"), ("hidden", "repository")]
)
async def test_githubs_refusal_is_said_by_what_can_be_changed(
    project: Deployed, github: FakeGitHub, what: str, field: str
) -> None:
    await connected(project.user, github.token)
    repository = github.add("octocat/users")
    repository.push("main", {"LICENSE": b"MIT"})
    repository.protected = {"main"} if what == "protected" else set()
    repository.is_archived, repository.is_hidden = what == "archived", what == "hidden"

    error = await refusal(project, repository="octocat/users")

    assert (error["code"], error["field"]) == ("BAD_USER_INPUT", [field])
    assert repository.messages() == ["By hand"]


async def test_who_is_to_wait_for_github_is_told_for_how_long(project: Deployed, github: FakeGitHub) -> None:
    own_token = "ghp_of_somebody_who_is_to_wait"
    usual, github.token, github.is_secondary = github.token, own_token, True
    await connected(project.user, own_token)
    github.limit("GET /user")

    answer = await project.user.result(PUSH, input={"generationId": project.generation_id, "repository": "users"})
    github.token = usual

    (error,) = answer["errors"]
    assert error["extensions"]["code"] == "RATE_LIMITED"
    assert 50_000 < error["extensions"]["retryAfterMs"] <= 60_000


async def test_a_test_of_credentials_says_whose_they_are(alice: User, github: FakeGitHub) -> None:
    integration = await connected(alice, github.token)

    tested = await alice.ask(
        "mutation($id: ID!) { testIntegration(input: {integrationId: $id}) { integration { testState testMessage } } }",
        id=integration,
    )

    assert tested["testIntegration"]["integration"] == {
        "testState": "PASSED",
        "testMessage": "GITHUB accepts these credentials, as octocat (scopes: repo).",
    }
