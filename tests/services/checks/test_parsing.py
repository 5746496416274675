"""The tests of whether JSON files parse."""

import pytest

from services.checks.parsing import json_faults


def faults(**files: str) -> list[str]:
    return [str(fault) for fault in json_faults({name.replace("_", "."): text for name, text in files.items()})]


def test_a_fault_has_its_place() -> None:
    assert faults(good_json='{"a": [1, true, null]}', bad_json='{\n  "a": 1,\n  b: 2\n}', bad_txt="{") == [
        "bad.json:3:3 Expecting property name enclosed in double quotes"
    ]


def test_a_tsconfig_may_have_comments_and_last_commas() -> None:
    text = '{\n  // one\n  "a": "x // no /* comment", /* two\n lines */ "b": [1, 2, ],\n}\n'

    assert faults(tsconfig_json=text, jsconfig_json=text) == []
    assert faults(tsconfig_json=f"{text}}}") == ["tsconfig.json:6:1 Extra data"]
    assert len(faults(package_json=text)) == 1


@pytest.mark.parametrize("text", ["", "NaN", "[Infinity]", "{'a': 1}", "[1,]", "// x\n1", "[" * 100_000, "\ufeff{}"])
def test_what_is_not_json_is_a_fault(text: str) -> None:
    assert [fault.path for fault in json_faults({"x.json": text})] == ["x.json"]


@pytest.mark.parametrize("text", ["1" * 10_000, "1e999", '"\\ud800"', '{"a": 1, "a": 2}', "[[[]]]\n"])
def test_unusual_json_is_json(text: str) -> None:
    assert faults(x_json=text) == []


@pytest.mark.parametrize("text", ["/*" * 500_000, '"' * 500_001, "," * 500_000, ", " * 500_000, "\\" * 500_000])
def test_a_config_made_to_be_slow_is_read_in_one_pass(text: str) -> None:
    assert len(faults(tsconfig_json=text)) == 1
