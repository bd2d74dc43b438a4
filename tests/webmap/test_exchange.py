"""Exchange as people meet it: on its page, over the API, and on the command line."""

import io
import json
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from flask.testing import FlaskClient
from sqlalchemy import Engine, select
from visit import HOME, LOGINS, PASSWORD, Town, send

from data.database import open_session
from data.exchange.tables import read_table
from data.models import AuditRow, Community, Incident, Role, Stage
from webmap.cli import main

Signed = Callable[[Role], FlaskClient]
Run = Callable[..., Result]

HEAD = {"format": "gridpatrol exchange", "version": 1, "crs": "CGCS2000"}
ROW = {
    **{"code": "K-1", "name": "暴露垃圾", "department_code": "1" * 18, "department": "环卫所", "place": "学院路1号"},
    **{"grid_code": f"{HOME}001", "lon": 116.3005, "lat": 40.0015, "found_at": "2026-11-21 09:00"},
}
ORDERS = "工单编号,办理时限,诉求内容,工单状态\nA100,2026-11-30 18:00,路灯不亮,办理中\n"


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, town_engine: Engine) -> Run:
    monkeypatch.setenv("GRIDPATROL_LANGUAGE", "en")
    monkeypatch.setenv("GRIDPATROL_DATABASE_URL", str(town_engine.url))
    return lambda *words: CliRunner().invoke(main, ["exchange", *(str(word) for word in words), "--community", HOME])


def document(*rows: dict[str, Any]) -> dict[str, Any]:
    return {**HEAD, "incidents": list(rows)}


def upload(browser: FlaskClient, address: str, name: str, content: str, **fields: str) -> Any:
    file = (io.BytesIO(content.encode()), name)
    return send(browser, address, page="/exchange", file=file, **fields)


def key(role: Role = Role.GRID_MANAGER) -> dict[str, str]:
    return {"Authorization": "Basic " + b64encode(f"{LOGINS[role]}:{PASSWORD}".encode()).decode()}


def found(engine: Engine, number: str) -> Incident:
    with open_session(engine) as session:
        wanted = select(Incident).join(Community, Community.id == Incident.community_id)
        return session.scalars(wanted.where(Incident.number == number, Community.code == HOME)).one()


def test_a_manager_takes_in_a_file_and_again_without_a_change(as_role: Signed, town_engine: Engine) -> None:
    browser, told = as_role(Role.GRID_MANAGER), json.dumps(document(ROW))

    first = upload(browser, "/exchange/take", "a.json", told, platform="kundulun")
    again = upload(browser, "/exchange/take", "a.json", told, platform="kundulun")

    assert (first.status_code, again.status_code) == (200, 200)
    assert "1 new, 0 moved on." in first.text
    assert "0 new, 0 moved on." in again.text
    assert found(town_engine, "K-1").grid_code == f"{HOME}001"
    with open_session(town_engine) as session:
        rows = session.scalars(select(AuditRow).where(AuditRow.action == "exchange.imported")).all()
        assert [row.facts["stored"] for row in rows] == [1, 0]


def test_a_bad_file_is_told_row_by_row_and_nothing_is_stored(as_role: Signed, town_engine: Engine) -> None:
    told = json.dumps(document(ROW, {**ROW, "code": "K-2", "department": ""}))

    answer = upload(as_role(Role.GRID_MANAGER), "/exchange/take", "a.json", told, platform="kundulun")

    assert answer.status_code == 422
    assert "Nothing was stored." in answer.text
    assert "department" in answer.text
    with open_session(town_engine) as session:
        assert session.scalars(select(Incident).where(Incident.number.startswith("K-"))).all() == []


@pytest.mark.parametrize(("ending", "mime"), [(".json", "application/json"), (".csv", "text/csv")])
def test_a_manager_hands_over_what_a_department_has(as_role: Signed, town: Town, ending: str, mime: str) -> None:
    fields = {"platform": "kundulun", "format": ending}

    answer = send(as_role(Role.GRID_MANAGER), "/exchange/give", page="/exchange", **fields)

    assert (answer.status_code, answer.mimetype) == (200, mime)
    assert f"{HOME}-{town.handed_over}" in answer.text
    assert town.in_grid_1 not in answer.text
    assert "李小明" not in answer.text


def test_orders_come_in_and_answers_go_out(as_role: Signed) -> None:
    browser = as_role(Role.GRID_MANAGER)

    assert "1 new" in upload(browser, "/exchange/orders", "工单.csv", ORDERS).text
    answer = send(browser, "/exchange/replies", page="/exchange", format=".csv")

    assert "A100,待受理" in answer.text


@pytest.mark.parametrize("role", [Role.GRID_WORKER, Role.HANDLER, Role.OFFICIAL])
def test_exchange_is_the_managers(as_role: Signed, client: FlaskClient, role: Role) -> None:
    assert as_role(role).get("/exchange").status_code == 403
    assert client.get("/api/exchange", headers=key(role)).status_code == 403


def test_a_platform_fetches_and_sends_over_the_api(client: FlaskClient, town: Town, town_engine: Engine) -> None:
    given = client.get("/api/exchange?platform=above", headers=key()).get_json()
    (one,) = given["incidents"]
    assert (given["crs"], one["code"], given["left_out"]) == ("CGCS2000", f"{HOME}-{town.handed_over}", [])

    step = {"step_key": "s1", "step": "resolve", "step_at": "2026-11-22T14:00:00+08:00"}
    told = document({**ROW, "your_code": one["code"], "steps": [step]})
    answers = [client.post("/api/exchange?platform=above", json=told, headers=key()) for _ in range(2)]

    assert [answer.get_json()["updated"] for answer in answers] == [1, 0]
    assert found(town_engine, town.handed_over).stage is Stage.RESOLVED
    bad = client.post("/api/exchange?platform=above", json=document({**ROW, "code": ""}), headers=key())
    assert (bad.status_code, bad.get_json()["refusals"][0]["row"]) == (422, 1)


def test_the_command_line_does_all_four(run: Run, town: Town, tmp_path: Path) -> None:
    (tmp_path / "in.json").write_text(json.dumps(document(ROW)), encoding="utf-8")
    (tmp_path / "工单.csv").write_text(ORDERS, encoding="utf-8")

    taken = [run("import", tmp_path / "in.json", "--platform", "kundulun") for _ in range(2)]
    orders = run("orders", tmp_path / "工单.csv", "--json")
    given = [run("export", "--platform", "kundulun", "--out", tmp_path / f"{name}.json") for name in "ab"]
    answered = run("replies", "--out", tmp_path / "replies.xlsx")

    assert [answer.exit_code for answer in (*taken, orders, *given, answered)] == [0] * 6, taken[0].output
    assert ["1 new" in taken[0].output, "1 as before" in taken[1].output] == [True, True]
    assert json.loads(orders.stdout)["stored"] == 1
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()
    codes = {one["code"] for one in json.loads((tmp_path / "a.json").read_text("utf-8"))["incidents"]}
    assert codes == {f"{HOME}-{town.handed_over}", f"{HOME}-K-1"}
    assert list(read_table(tmp_path / "replies.xlsx").frame["工单编号"]) == ["A100"]


def test_the_command_line_refuses_a_file_with_a_bad_row(run: Run, tmp_path: Path) -> None:
    (tmp_path / "in.json").write_text(json.dumps(document({**ROW, "name": ""})), encoding="utf-8")

    answer = run("import", tmp_path / "in.json", "--platform", "kundulun")

    assert answer.exit_code == 2
    assert "name" in answer.output
