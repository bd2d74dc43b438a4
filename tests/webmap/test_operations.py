"""What whoever runs the machine asks."""

from collections.abc import Callable

from flask.testing import FlaskClient
from visit import PASSWORD

from data.models import Role

Signed = Callable[[Role], FlaskClient]


def test_a_living_program_with_its_database_says_so(client: FlaskClient) -> None:
    assert client.get("/healthz").json == {"status": "ok"}
    assert client.get("/readyz").json == {"status": "ok"}


def test_answers_are_counted_by_method_and_status(client: FlaskClient) -> None:
    client.get("/healthz")
    client.get("/nowhere")

    told = client.get("/metrics", auth=("admin", PASSWORD)).text

    assert 'gridpatrol_requests_total{method="GET",status="200"} 1' in told
    assert 'gridpatrol_requests_total{method="GET",status="404"} 1' in told


def test_counts_are_for_administrators(as_role: Signed) -> None:
    assert as_role(Role.GRID_MANAGER).get("/metrics").status_code == 403
