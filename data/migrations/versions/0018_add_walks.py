"""Add volunteers' phones and walks, check-lists with their answers, and photos of incidents."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"


def _key(name: str, table: str, *, empty: bool = False, **more: object) -> sa.Column[int]:
    return sa.Column(name, sa.Integer, sa.ForeignKey(f"{table}.id"), nullable=empty, **more)  # type: ignore[arg-type]


def _moment(name: str, *, empty: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=empty)


def upgrade() -> None:
    _add_phones()
    _add_check_lists()
    _add_answers()
    _add_photos()


def _add_phones() -> None:
    op.create_table(
        "walk_phone",
        _key("device_id", "device", primary_key=True, autoincrement=False),
        sa.Column("browser", sa.String(36), nullable=False),
        _key("user_id", "user"),
    )
    op.create_index("ix_walk_phone_browser", "walk_phone", ["browser"])
    op.create_index("ix_walk_phone_user_id", "walk_phone", ["user_id"])
    op.create_table(
        "walk",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("key", sa.String(36), nullable=False),
        _key("device_id", "device"),
        _key("person_id", "person", empty=True),
        _key("community_id", "community"),
        _key("team_id", "team", empty=True),
        sa.Column("started_ms", sa.BigInteger, nullable=False),
        sa.Column("ended_ms", sa.BigInteger),
        _moment("started_at"),
        _moment("ended_at", empty=True),
        sa.Column("ended_by", sa.String(32)),
        sa.UniqueConstraint("key"),
    )
    op.create_index("ix_walk_person_id", "walk", ["person_id"])
    op.create_index("ix_walk_team_id", "walk", ["team_id"])
    op.create_index("ix_walk_device_started", "walk", ["device_id", "started_ms"])
    op.create_index("ix_walk_community_started", "walk", ["community_id", "started_at"])
    op.create_table(
        "walk_thing",
        sa.Column("key", sa.String(36), primary_key=True),
        _key("device_id", "device"),
        sa.Column("kind", sa.String(32), nullable=False),
        _moment("at"),
        _moment("received_at"),
        sa.Column("made_id", sa.Integer),
    )
    op.create_index("ix_walk_thing_device_received", "walk_thing", ["device_id", "received_at"])
    op.create_index("ix_walk_thing_kind_made", "walk_thing", ["kind", "made_id"])


def _add_check_lists() -> None:
    op.create_table(
        "check_list",
        sa.Column("id", sa.Integer, primary_key=True),
        _key("community_id", "community"),
        sa.Column("code", sa.String(32), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("zh", sa.String(64), nullable=False),
        sa.Column("en", sa.String(64), nullable=False),
        _moment("created_at"),
        _moment("withdrawn_at", empty=True),
        sa.UniqueConstraint("community_id", "code", "version"),
    )
    op.create_table(
        "check_list_item",
        sa.Column("id", sa.Integer, primary_key=True),
        _key("list_id", "check_list"),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("zh", sa.String(128), nullable=False),
        sa.Column("en", sa.String(128), nullable=False),
        sa.UniqueConstraint("list_id", "position"),
    )


def _add_answers() -> None:
    op.create_table(
        "check_list_answer",
        sa.Column("id", sa.Integer, primary_key=True),
        _key("list_id", "check_list"),
        _key("community_id", "community"),
        _key("person_id", "person", empty=True),
        _key("team_id", "team", empty=True),
        sa.Column("walk", sa.String(36), nullable=False),
        _moment("at"),
        sa.Column("lon", sa.Double),
        sa.Column("lat", sa.Double),
        sa.Column("grid_code", sa.String(20)),
        sa.Column("note", sa.Text, nullable=False),
    )
    for name in ("list_id", "person_id", "team_id"):
        op.create_index(f"ix_check_list_answer_{name}", "check_list_answer", [name])
    op.create_index("ix_check_list_answer_community_at", "check_list_answer", ["community_id", "at"])
    op.create_table(
        "check_list_mark",
        _key("answer_id", "check_list_answer", primary_key=True, autoincrement=False),
        _key("item_id", "check_list_item", primary_key=True, autoincrement=False),
        sa.Column("ok", sa.Boolean),
        sa.Column("note", sa.String(255), nullable=False),
    )
    op.create_index("ix_check_list_mark_item_id", "check_list_mark", ["item_id"])


def _add_photos() -> None:
    op.create_table(
        "photo",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("key", sa.String(36)),
        _key("community_id", "community"),
        _key("incident_id", "incident", empty=True),
        _key("device_id", "device", empty=True),
        _key("by_user_id", "user", empty=True),
        sa.Column("role", sa.String(32), nullable=False),
        _moment("at"),
        _moment("kept_at", empty=True),
        _moment("deleted_at", empty=True),
        sa.Column("file", sa.String(64)),
        sa.Column("width", sa.Integer, nullable=False),
        sa.Column("height", sa.Integer, nullable=False),
        sa.Column("size", sa.Integer, nullable=False),
        sa.UniqueConstraint("key"),
    )
    for name in ("community_id", "incident_id", "by_user_id", "file"):
        op.create_index(f"ix_photo_{name}", "photo", [name])
    op.create_index("ix_photo_device_kept", "photo", ["device_id", "kept_at"])


def downgrade() -> None:
    names = "photo check_list_mark check_list_answer check_list_item check_list walk_thing walk walk_phone"
    for name in names.split():
        op.drop_table(name)
