"""Machine settings: what is read, what is refused, and that no secret is told."""

from pathlib import Path

import pytest

from data.errors import BadSetting
from data.settings import Settings


def test_nothing_set_means_a_file_in_the_instance_folder_beside_us(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    settings = Settings.from_env({})

    assert settings.instance == tmp_path / "instance"
    assert settings.database_url == f"sqlite:///{tmp_path}/instance/gridpatrol.sqlite"


def test_an_empty_variable_counts_as_unset():
    settings = Settings.from_env({"GRIDPATROL_DATABASE_URL": " ", "GRIDPATROL_INSTANCE": ""})

    assert settings.database_url.endswith("/instance/gridpatrol.sqlite")


def test_the_process_environment_is_read_when_none_is_given(monkeypatch, tmp_path):
    monkeypatch.setenv("GRIDPATROL_INSTANCE", str(tmp_path))
    monkeypatch.delenv("GRIDPATROL_DATABASE_URL", raising=False)

    assert Settings.from_env().instance == tmp_path


def test_the_instance_may_be_named_from_the_home_folder():
    assert Settings.from_env({"GRIDPATROL_INSTANCE": "~/patrol"}).instance == Path.home() / "patrol"


def test_an_instance_that_is_a_file_is_refused(tmp_path):
    path = tmp_path / "instance"
    path.write_text("not a folder")

    with pytest.raises(BadSetting, match="GRIDPATROL_INSTANCE"):
        Settings.from_env({"GRIDPATROL_INSTANCE": str(path)})


@pytest.mark.parametrize("url", ["postgres://u:p@h/d", "postgresql://u:p@h/d", "postgresql+psycopg2://u:p@h/d"])
def test_every_spelling_of_postgresql_gets_the_driver_that_is_installed(url):
    assert Settings.from_env({"GRIDPATROL_DATABASE_URL": url}).database_url == "postgresql+psycopg://u:p@h/d"


@pytest.mark.parametrize(
    "url", ["mysql://u:geheim@h/d", "oracle://u:geheim@h", "patrol geheim", "postgresql://u:geheim@h:x/d"]
)
def test_another_database_is_refused_without_telling_the_password(url):
    with pytest.raises(BadSetting) as refused:
        Settings.from_env({"GRIDPATROL_DATABASE_URL": url})

    assert "geheim" not in str(refused.value)
    assert "sqlite:///" in str(refused.value)


def test_settings_do_not_show_the_password_when_printed():
    settings = Settings.from_env({"GRIDPATROL_DATABASE_URL": "postgresql://patrol:geheim@host/town"})

    assert "geheim" in settings.database_url
    assert "geheim" not in repr(settings)
