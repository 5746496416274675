"""Tests of how buckets are built into a backend."""

import json
import re
from typing import Any

from services.designs.architecture import Node, NodeKind
from services.designs.bucket_names import bucket_prefix
from tests.services.scaffold.parts.drawn import PHOTOS, backend

FORGING = Node(id="x", kind=NodeKind.BUCKET, name="Files", description="*/ process.exit(1) /* | <b>`x`</b>")


def infrastructure(name: str = "template") -> Any:
    return json.loads(backend(PHOTOS)[f"infrastructure/{name}.json"])


def test_a_bucket_is_private_encrypted_and_kept() -> None:
    template = infrastructure()

    bucket = template["Resources"]["PhotosBucket"]
    properties = bucket["Properties"]
    assert (bucket["Type"], bucket["DeletionPolicy"], bucket["UpdateReplacePolicy"]) == (
        "AWS::S3::Bucket",
        "Retain",
        "Retain",
    )
    assert properties["BucketName"] == {"Fn::Sub": "${BucketPrefix}photos-${AWS::AccountId}"}
    assert set(properties["PublicAccessBlockConfiguration"].values()) == {True}
    assert properties["LifecycleConfiguration"]["Rules"][0]["AbortIncompleteMultipartUpload"] == {
        "DaysAfterInitiation": 1
    }
    assert "BucketEncryption" in properties
    assert template["Parameters"]["BucketPrefix"]["Default"] == "shop-"


def test_the_role_may_use_the_files_of_the_bucket_alone() -> None:
    role = infrastructure("role")["Resources"]

    objects, lists = role["Policy2"]["Properties"]["PolicyDocument"]["Statement"]
    arn = "arn:${AWS::Partition}:s3:::${BucketPrefix}photos-${AWS::AccountId}"
    assert objects["Action"] == ["s3:DeleteObject", "s3:GetObject", "s3:PutObject"]
    assert objects["Resource"] == [{"Fn::Sub": f"{arn}/*"}]
    assert (lists["Action"], lists["Resource"]) == (["s3:ListBucket"], [{"Fn::Sub": arn}])
    assert role["Role"]["Properties"]["ManagedPolicyArns"] == [{"Ref": "Policy1"}, {"Ref": "Policy2"}]


def test_the_routes_of_a_bucket_are_described() -> None:
    paths = json.loads(backend(PHOTOS)["openapi.json"])["paths"]

    assert set(paths["/photos"]) == {"get", "post"}
    assert set(paths["/photos/{id}"]) == {"parameters", "get", "delete"}
    assert "router.use('/photos', fileRoutes(services, photosBucket));" in backend(PHOTOS)["src/routes/index.ts"]


def test_settings_and_readme_say_what_there_is() -> None:
    files = backend(PHOTOS)

    for setting in ("PHOTOS_BUCKET", "PHOTOS_MAX_BYTES", "PHOTOS_TYPES"):
        assert f"'{setting}'" in files["src/config.ts"]
        assert f"\n{setting}=" in files[".env.example"]
        assert f"`{setting}`" in files["README.md"]


def test_a_description_is_text_wherever_it_stands() -> None:
    files = backend(FORGING)

    for path in ("src/config.ts", "src/parts/buckets/files.ts", "README.md"):
        assert not re.search(r"\*/ process\.exit|<b>", files[path].partition("```\n\n")[2] or files[path])


def test_names_of_buckets_begin_with_what_s3_accepts_of_the_prefix_of_tables() -> None:
    longest = bucket_prefix("project_01k6xyz0123456789abcdefghjk-and-more-")

    assert bucket_prefix("My_Shop.v2-") == "my-shop-v2-"
    assert bucket_prefix("project_01k6xyz0123456789abcdefghj-") == "project-01k6xyz0123456789abcdefghj-"
    assert re.fullmatch(r"project-01k6xyz0123456789ab[0-9a-f]{8}-", longest)
