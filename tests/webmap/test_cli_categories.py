"""``gridpatrol categories``: examples with their limits, finding one, and dictionaries in and out."""

import json
from pathlib import Path

import make
import pytest
from click.testing import CliRunner, Result
from sqlalchemy import func, select

from data.audit import find_broken_seal
from data.database import open_engine, open_session
from data.dictionaries import EXAMPLES, read_example
from data.models import TriageRule
from webmap.cli import main

COUNT = sum(len(read_example(family)["categories"]) for family in EXAMPLES)


@pytest.fixture
def run(spatialite_url: str, monkeypatch: pytest.MonkeyPatch):
    """Call the command on a database with a community and no category."""
    monkeypatch.setenv("GRIDPATROL_LANGUAGE", "en")
    monkeypatch.setenv("GRIDPATROL_DATABASE_URL", spatialite_url)
    engine = open_engine(spatialite_url)
    with open_session(engine, writing=True) as session:
        make.community(session)
        session.commit()

    def call(*words: str) -> Result:
        return CliRunner().invoke(main, ["categories", *words])

    yield call
    with open_session(engine) as session:
        assert find_broken_seal(session) is None
    engine.dispose()


def rules(spatialite_url: str) -> int:
    engine = open_engine(spatialite_url)
    with open_session(engine) as session:
        counted = session.scalar(select(func.count()).select_from(TriageRule)) or 0
    engine.dispose()
    return counted


def test_the_examples_come_with_their_limits_once(run, spatialite_url: str) -> None:
    first, second = run("examples").output, run("examples").output

    assert first == f"{COUNT} categories are new, 0 changed; {COUNT} rules are new.\n"
    assert second == "0 categories are new, 0 changed; 0 rules are new.\n"
    assert rules(spatialite_url) == COUNT


def test_the_examples_come_without_limits_if_nobody_wants_them(run, spatialite_url: str) -> None:
    run("examples", "--no-rules")

    assert rules(spatialite_url) == 0


def test_a_few_letters_find_one(run) -> None:
    run("examples")

    assert "chengguan/component/0102  路灯不亮  Street lamp out" in run("list", "ldbl").output
    assert len(json.loads(run("list", "--json").output)["categories"]) == COUNT
    assert run("list", "qqqq").output == "Nothing is called so.\n"


def test_a_family_goes_out_and_comes_in_the_same(run, tmp_path: Path) -> None:
    run("examples")
    file = tmp_path / "社区.json"

    assert run("export", "shequ", "--out", str(file)).exit_code == 0
    assert "0 new, 0 changed" in run("import", str(file)).output
    assert "limit" not in file.read_text(encoding="utf-8")
    run("export", "shequ", "--limits", "--out", str(file))
    assert '"unit": "working_days"' in file.read_text(encoding="utf-8")


@pytest.mark.parametrize("content", ["{", '{"format": "else"}', '{"format": "gridpatrol categories"}'])
def test_what_is_no_dictionary_is_refused(run, tmp_path: Path, content: str) -> None:
    file = tmp_path / "x.json"
    file.write_text(content, encoding="utf-8")

    refused = run("import", str(file))

    assert refused.exit_code == 2
    assert "x.json" in refused.output


def test_an_unknown_family_is_told(run, tmp_path: Path) -> None:
    refused = run("export", "none", "--out", str(tmp_path / "x.json"))

    assert refused.exit_code == 2
    assert "no family of categories called none" in refused.output
