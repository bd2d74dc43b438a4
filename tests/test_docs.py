"""The documents tell the truth: every command, setting, word and dependency is in both READMEs, and nothing else."""

import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from webmap.cli import main

CHECKOUT = Path(__file__).resolve().parent.parent
READMES = ["README.md", "README.zh-CN.md"]
CODE = [path for layer in ("geo", "data", "patrols", "webmap") for path in sorted((CHECKOUT / layer).rglob("*.py"))]


def read(name: str) -> str:
    return (CHECKOUT / name).read_text(encoding="utf-8")


def tables(name: str) -> list[list[list[str]]]:
    """The cells of every table of a document, without headings."""
    found = []
    for block in re.findall(r"(?:^\|.*\|\n)+", read(name), re.MULTILINE):
        rows = [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in block.splitlines()]
        found.append(rows[2:])
    return found


def first_column(name: str, pattern: str) -> set[str]:
    return {match[1] for table in tables(name) for row in table if (match := re.fullmatch(pattern, row[0]))}


def commands(group: click.Group, before: str) -> Iterator[str]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if isinstance(command, click.Group):
            yield from commands(command, f"{before} {name}")
        else:
            yield f"{before} {name}"


@pytest.mark.parametrize("name", READMES)
def test_every_command_is_in_the_table_and_the_table_has_no_other(name: str) -> None:
    told = first_column(name, r"`(gridpatrol .*)`")
    there = set(commands(main, "gridpatrol"))

    assert all(any(line == command or line.startswith(f"{command} ") for line in told) for command in there), there
    assert all(any(line == command or line.startswith(f"{command} ") for command in there) for line in told), told


@pytest.mark.parametrize("name", READMES)
def test_every_setting_is_in_the_table_and_the_table_has_no_other(name: str) -> None:
    used = {word for path in CODE for word in re.findall(r"GRIDPATROL_[A-Z_]+[A-Z]", path.read_text(encoding="utf-8"))}

    assert first_column(name, r"`(GRIDPATROL_\w+)`") == used


@pytest.mark.parametrize("name", READMES)
def test_every_dependency_has_its_line_of_reason(name: str) -> None:
    project = tomllib.loads(read("pyproject.toml"))
    wanted = [
        *project["project"]["dependencies"],
        *(line for extra in project["project"]["optional-dependencies"].values() for line in extra),
        *(line for group in project["dependency-groups"].values() for line in group),
    ]
    packages = {re.split(r"[\[<>=; ]", line)[0] for line in wanted}
    browser = json.loads(read("webmap/static/package.json"))["dependencies"]

    told = first_column(name, r"`((?:@[\w-]+/)?[a-z][\w.-]*)`")
    assert packages | set(browser) <= told
    assert told - packages - set(browser) == set()
    assert all(row[1] for table in tables(name) for row in table)


@pytest.mark.parametrize("name", READMES)
def test_every_file_that_a_document_links_to_is_there(name: str) -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", read(name)):
        if not target.startswith("http"):
            assert (CHECKOUT / target).is_file(), target


@pytest.mark.parametrize("name", READMES)
def test_every_make_target_that_a_document_names_is_there(name: str) -> None:
    targets = set(re.findall(r"^([a-z]+):", read("Makefile"), re.MULTILINE))

    assert set(re.findall(r"make ([a-z]+)`", read(name))) <= targets


def test_both_readmes_say_the_same_things_in_the_same_order() -> None:
    english, chinese = (tables(name) for name in READMES)

    assert [len(table) for table in english] == [len(table) for table in chinese]
    levels = [re.findall(r"^#+", read(name), re.MULTILINE) for name in READMES]
    assert levels[0] == levels[1]
    codes = [re.findall(r"```(.*?)```", read(name), re.DOTALL) for name in READMES]
    assert codes[0] == codes[1]
    for one, two in zip(english, chinese, strict=True):
        assert [row[0] for row in one] == [row[0] for row in two]


def test_the_glossary_uses_the_words_of_the_code() -> None:
    words = " ".join(path.read_text(encoding="utf-8") for path in CODE).lower()
    glossary = next(table for table in tables("README.md") if table[0][0] == "网格")

    for _, english, _ in glossary:
        for word in re.split(r"[·;/] ?", english):
            assert word.strip().split(" ")[-1].lower() in words, word


def test_the_lock_files_hold_every_dependency_with_hashes_and_name_no_registry() -> None:
    project = tomllib.loads(read("pyproject.toml"))
    for name in ("requirements.txt", "requirements-dev.txt", "requirements-bench.txt", "requirements-node.txt"):
        text = read(name)
        assert not re.search(r"https?://|--index-url|--extra-index|--find-links", text), name
        entries = re.findall(r"^[a-zA-Z0-9].*?(?=^[a-zA-Z0-9]|\Z)", text, re.MULTILINE | re.DOTALL)
        assert entries
        assert all("--hash=sha256:" in entry for entry in entries), name
    locked = set(re.findall(r"^([\w.-]+)==", read("requirements.txt"), re.MULTILINE))
    assert {re.split(r"[\[<>=; ]", line)[0] for line in project["project"]["dependencies"]} <= locked | {"psycopg"}
    packages = json.loads(read("webmap/static/package-lock.json"))["packages"]
    assert all("integrity" in entry and "resolved" not in entry for key, entry in packages.items() if key)


def test_the_changelog_begins_with_the_version_of_the_project() -> None:
    version = tomllib.loads(read("pyproject.toml"))["project"]["version"]

    assert re.search(r"^## (\S+)", read("CHANGELOG.md"), re.MULTILINE)[1] == version  # type: ignore[index]
