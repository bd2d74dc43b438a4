import json
import re

import pytest

from data.models import Role

HOME, AWAY = "110108001001", "110108001002"


def given(page: str) -> dict:
    """What the map was given to draw."""
    block = re.search(r'<script type="application/json"[^>]*>(.*?)</script>', page, re.DOTALL)
    assert block is not None
    return json.loads(block[1])


@pytest.mark.parametrize("role", list(Role))
def test_every_role_has_a_map_of_the_own_community(as_role, role):
    answer = as_role(role).get("/map")

    assert answer.status_code == 200
    assert all(code.startswith(HOME) for code in given(answer.text)["grids"]["code"])


def test_scripts_run_by_this_answer_s_nonce_and_no_style_attribute_is_needed(as_role):
    answer = as_role(Role.OFFICIAL).get("/map")

    policy = answer.headers["Content-Security-Policy"]
    nonce = re.search(r"script-src 'self' 'nonce-([^']+)'", policy)
    assert nonce is not None
    assert f'<script nonce="{nonce[1]}">' in answer.text
    assert "unsafe" not in policy
    assert not re.search(r"<[^>]*\sstyle=", re.sub(r"<script.*?</script>", "", answer.text, flags=re.DOTALL))


def test_a_text_of_a_resident_reaches_the_map_as_data_only(as_role, town):
    page = as_role(Role.OFFICIAL).get("/map").text

    assert "<script>alert(1)" not in page
    incidents = given(page)["incidents"]
    assert "路灯不亮 <script>alert(1)</script> ${alert(1)}" in incidents["what"]


def test_somebody_else_s_community_is_refused(as_role):
    assert as_role(Role.GRID_MANAGER).get(f"/map?community={AWAY}").status_code == 403


def test_an_unknown_colour_does_no_harm(as_role):
    assert as_role(Role.OFFICIAL).get("/map?colour=%22%3E%3Cscript%3E").status_code == 200


def test_nobody_reads_the_map_without_signing_in(client):
    assert client.get("/map").status_code == 302
