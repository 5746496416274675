"""Values of environment variables: sealed in the table, given to the backend, in no line of its log."""

import json
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from msgspec.structs import replace

from services.bootstrap import Services, opened
from services.config import Config
from services.deployments.model import StoredConfig
from services.deployments.variables import Variables
from services.foundation.aws.items import to_item
from tests.fakes.llm import Answer, FakeLLM
from tests.resolvers.test_deployments import Deployed, answer, lines
from tests.resolvers.test_deployments import project as project  # noqa: PLC0414 - a fixture
from tests.snapinfra import Server, provisioned, serving

PASSWORD = "correct horse/battery+staple"
FORMS = ["correct horse", "correct%20horse", "correct+horse", "Y29ycmVjdCBob3JzZS9iYXR0ZXJ5K3N0YXBsZQ", "battery"]
"""What would show of it in the forms that the backend prints."""

PRINTING = """
const value = process.env.PASSWORD || "";
console.log(process.env);
console.error(`url ${encodeURIComponent(value)}`);
console.log(`form ${new URLSearchParams({ value })} base64 ${Buffer.from(value).toString("base64")}`);
"""
PACKAGE = {
    "name": "tiny",
    "version": "1.0.0",
    "private": True,
    "scripts": {"build": "env && node -e 'console.log(process.env)'", "start": "node server.js"},
}
SERVER = (
    PRINTING
    + """
if (process.env.CRASH) throw new Error("x".repeat(470) + " can't use " + value);
const http = require("node:http");
http.createServer((request, response) => response.end(value)).listen(Number(process.env.PORT), process.env.HOST);
"""
)


@pytest.fixture(scope="module")
def config(emulator: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Config]:
    """Secrets in KMS, as in production."""
    files = {"package.json": f"{json.dumps(PACKAGE)}\n", "server.js": SERVER}
    with FakeLLM(default=Answer(files=files)) as fake:
        given = provisioned(
            emulator,
            SNAPINFRA_DATA=str(tmp_path_factory.mktemp("data")),
            KMS_KEY_ALIAS=f"alias/{uuid.uuid4().hex}",
            GROQ_API_KEY="gsk_test",
            GROQ_BASE_URL=fake.groq_url,
        )
        yield given


@pytest.fixture(scope="module")
def server(config: Config) -> Iterator[Server]:
    with serving(config) as running:
        yield running


async def raw(services: Services, deployment_id: str) -> dict[str, Any]:
    """Return a deployment's item as DynamoDB has it."""
    table = services.deployments.table
    answered = await table.aws.run(
        table.aws.dynamodb.query,
        TableName=table.name,
        KeyConditionExpression="id = :id",
        ExpressionAttributeValues={":id": {"S": deployment_id}},
    )
    return answered["Items"][0]


async def shown(project: Deployed, deployment_id: str) -> list[str]:
    seen = await project.user.ask(
        "query($id: ID!) { deployment(id: $id) { config { environmentVariables { name } } } }", id=deployment_id
    )
    return [variable["name"] for variable in seen["deployment"]["config"]["environmentVariables"]]


async def test_a_value_reaches_the_backend_and_neither_the_table_nor_the_log(project: Deployed, config: Config) -> None:
    deployment_id, url = await project.live(environmentVariables=[{"name": "PASSWORD", "value": PASSWORD}])

    answered = await answer(url)
    await project.logged(deployment_id, "form value")
    await project.cancel(deployment_id)
    printed = lines(await project.events(deployment_id))

    assert answered == PASSWORD
    assert await shown(project, deployment_id) == ["PASSWORD"]
    for stream in ("BUILD", "RUNTIME"):
        text = "\n".join(line["message"] for line in printed if line["stream"] == stream)
        assert "PASSWORD: '***'" in text
        assert not [form for form in FORMS if form in text]
    assert "PASSWORD=***" in [line["message"] for line in printed if line["stream"] == "BUILD"]
    assert "url ***" in [line["message"] for line in printed if line["stream"] == "RUNTIME"]
    assert "form value=*** base64 ***" in [line["message"].rstrip("=") for line in printed]
    async with opened(config, {}) as process:
        item = await raw(process.services, deployment_id)
        assert item["config"]["M"]["variableNames"] == {"L": [{"S": "PASSWORD"}]}
        assert not [form for form in FORMS if form in repr(item)]


async def test_a_failure_quotes_no_value_not_even_half_of_one(project: Deployed) -> None:
    variables = [{"name": "PASSWORD", "value": PASSWORD}, {"name": "CRASH", "value": "1"}]
    deployment_id = await project.deploy(environmentVariables=variables)

    happened = await project.events(deployment_id)

    finished = happened[-1]
    assert finished["reason"] == "CRASHED"
    assert "can't use ***" in finished["message"]
    assert not [form for form in FORMS if form in finished["message"]]
    system = [line["message"] for line in lines(happened) if line["stream"] == "SYSTEM"]
    assert finished["message"] in system


async def test_a_redeploy_has_the_same_values_sealed_for_itself(project: Deployed, config: Config) -> None:
    first, _ = await project.live(environmentVariables=[{"name": "PASSWORD", "value": PASSWORD}])
    asked = await project.user.ask(
        "mutation($id: ID!) { redeploy(input: {deploymentId: $id}) { deployment { id } userErrors { message } } }",
        id=first,
    )
    second = asked["redeploy"]["deployment"]["id"]

    happened = await project.events(second, until="SUCCESS")

    assert await answer(happened[-1]["url"]) == PASSWORD
    async with opened(config, {}) as process:
        items = [await raw(process.services, one) for one in (first, second)]
    assert items[0]["config"]["M"]["sealed"] != items[1]["config"]["M"]["sealed"]
    await project.cancel(second)


async def test_a_deployment_from_before_values_were_sealed_stays_as_it_was(project: Deployed, config: Config) -> None:
    deployment_id, _ = await project.live()
    async with opened(config, {}) as process:
        table = process.services.deployments.table
        old = await table.find(deployment_id)
        assert old is not None
        stored = StoredConfig(environment_variables={"PASSWORD": PASSWORD}, build_command="true")
        item = to_item(replace(old, config=stored))
        del item["config"]["M"]["variableNames"], item["config"]["M"]["sealed"]
        await table.aws.run(table.aws.dynamodb.put_item, TableName=table.name, Item=item)
        assert await shown(project, deployment_id) == ["PASSWORD"]

        read = await table.find(deployment_id)

        assert read is not None
        assert await Variables(process.services.integrations.envelopes).opened(read) == {"PASSWORD": PASSWORD}
    await project.cancel(deployment_id)


async def test_values_of_another_deployment_do_not_open(project: Deployed, config: Config) -> None:
    variables = [{"name": "PASSWORD", "value": PASSWORD}]
    first, _ = await project.live(environmentVariables=variables)
    second, _ = await project.live(environmentVariables=variables)
    async with opened(config, {}) as process:
        table = process.services.deployments.table
        other = await table.find(first)
        assert other is not None
        await table.update(second, lambda old: replace(old, config=other.config))

    asked = await project.user.result(
        "mutation($id: ID!) { redeploy(input: {deploymentId: $id}) { deployment { id } userErrors { message } } }",
        id=second,
    )

    assert asked["errors"][0]["extensions"]["code"] == "UNAVAILABLE"
    await project.cancel(second)


async def test_more_than_a_record_has_room_for_is_refused(project: Deployed) -> None:
    variables = [{"name": f"V{number}", "value": "ä" * 4000} for number in range(40)]

    asked = await project.user.result(
        "mutation($input: CreateDeploymentInput!) { createDeployment(input: $input)"
        " { deployment { id } userErrors { message } } }",
        input={
            "projectId": project.project_id,
            "generationId": project.generation_id,
            "platform": "LOCAL",
            "config": {"environmentVariables": variables},
        },
    )

    message = "At most 262,144 bytes of environment variables in all."
    assert asked["data"]["createDeployment"] == {"deployment": None, "userErrors": [{"message": message}]}


async def test_a_variable_that_is_given_twice_is_refused_and_nothing_is_deployed(project: Deployed) -> None:
    names = ("A", "B", "A", "a", "A", "B")

    asked = await project.user.result(
        "mutation($input: CreateDeploymentInput!) { createDeployment(input: $input)"
        " { deployment { id } userErrors { code field message } } }",
        input={
            "projectId": project.project_id,
            "generationId": project.generation_id,
            "platform": "LOCAL",
            "config": {"environmentVariables": [{"name": name, "value": "x"} for name in names]},
        },
    )

    assert asked["data"]["createDeployment"] == {
        "deployment": None,
        "userErrors": [
            {
                "code": "BAD_USER_INPUT",
                "field": ["config", "environmentVariables", name],
                "message": f"The variable '{name}' is given more than once.",
            }
            for name in ("A", "B")
        ],
    }
