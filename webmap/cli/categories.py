"""``gridpatrol categories``: the families there are, dictionaries in and out, and limits that examples suggest."""

import json
from pathlib import Path
from typing import Any

import click

from data import audit
from data.dictionaries import EXAMPLES, read_example
from data.errors import NotFound, UnreadableFile
from data.exchange.scratch import replacing
from geo.errors import N_
from patrols import categories, category_files
from patrols.communities import find_community
from webmap.cli import _, speech
from webmap.cli.options import (
    community_option,
    database_option,
    database_session,
    existing_file,
    json_option,
    now,
    out_option,
)


@click.group("categories", help=N_("What incidents are about: dictionaries of categories in and out."))
def categories_command() -> None:
    pass


@categories_command.command("list", help=N_("List the categories, or those that a few letters may mean."))
@click.argument("text", default="")
@json_option
@database_option
def list_command(text: str, as_json: bool, database: str | None) -> None:
    with database_session(database) as session:
        found = categories.search(categories.in_use(session), text)
        rows = [{"family": one.family, "kind": one.kind, "code": one.code, "zh": one.zh, "en": one.en} for one in found]
    speech.print_figures(
        {"categories": rows},
        as_json,
        lambda: (
            "\n".join("{family}/{kind}/{code}  {zh}  {en}".format(**row) for row in rows) or _("Nothing is called so.")
        ),
    )


@categories_command.command("examples", help=N_("Take in the two example dictionaries, with their limits as rules."))
@click.option("--no-rules", is_flag=True, help=N_("Without limits and offices."))
@community_option
@database_option
def examples_command(no_rules: bool, community: str | None, database: str | None) -> None:
    at = now()
    done = {"new": 0, "changed": 0, "rules": 0}
    with database_session(database, writing=True) as session:
        for family in EXAMPLES:
            document = read_example(family)
            taken = category_files.take(session, document, file=f"{family}.json")
            done["new"] += taken.new
            done["changed"] += taken.changed
            if not no_rules:
                here = find_community(session, community, on=at.date())
                done["rules"] += category_files.begin_rules(session, here, document)
        audit.write(session, "categories.examples", at=at, facts=done)
    click.echo(_("%(new)s categories are new, %(changed)s changed; %(rules)s rules are new.") % done)


@categories_command.command("import", help=N_("Take in a dictionary (.json), whole or not at all."))
@click.argument("file", type=existing_file)
@database_option
def import_command(file: Path, database: str | None) -> None:
    document = _read(file)
    with database_session(database, writing=True) as session:
        taken = category_files.take(session, document, file=file.name)
        audit.write(session, "categories.imported", at=now(), facts={"file": file.name, "new": taken.new})
    told = {"new": taken.new, "changed": taken.changed, "same": taken.same}
    click.echo(_("%(new)s new, %(changed)s changed, %(same)s as before.") % told)


@categories_command.command("export", help=N_("Write a family as a dictionary that can be taken in elsewhere."))
@click.argument("family")
@out_option
@click.option("--limits", is_flag=True, help=N_("With the limits and offices of the community."))
@community_option
@database_option
def export_command(family: str, out: Path, limits: bool, community: str | None, database: str | None) -> None:
    with database_session(database) as session:
        if family not in {one.family for one in categories.families(session)}:
            raise NotFound(N_("There is no family of categories called %(family)s."), family=family)
        here = find_community(session, community, on=now().date()) if limits else None
        document = category_files.document_of(session, family, community=here)
    with replacing(out) as path:
        path.write_text(json.dumps(document, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    click.echo(_("%(count)s categories: %(file)s") % {"count": len(document["categories"]), "file": out})


def _read(file: Path) -> Any:
    try:
        return json.loads(file.read_text(encoding="utf-8-sig"))
    except (ValueError, RecursionError) as wrong:
        raise UnreadableFile(
            N_("%(file)s cannot be read as JSON: %(why)s"), file=file.name, why=str(wrong)[:120]
        ) from wrong
