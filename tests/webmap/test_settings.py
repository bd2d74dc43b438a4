"""Settings of the website: read once, refused with what to do."""

from dataclasses import replace
from pathlib import Path

import pytest

from data.errors import BadSetting
from webmap.settings import WebSettings

KEY = {"GRIDPATROL_SECRET_KEY": "0123456789abcdef"}


def test_outside_the_demo_a_secret_key_is_demanded() -> None:
    with pytest.raises(BadSetting, match="GRIDPATROL_SECRET_KEY"):
        WebSettings.from_env({})
    with pytest.raises(BadSetting, match="at least 16"):
        WebSettings.from_env({"GRIDPATROL_SECRET_KEY": "short"})


def test_the_demo_makes_up_a_key_that_is_new_each_time() -> None:
    first, second = WebSettings.from_env({}, demo=True), WebSettings.from_env({}, demo=True)

    assert len(first.secret_key) >= 32
    assert first.secret_key != second.secret_key


def test_defaults_are_those_of_an_office_network(tmp_path: Path) -> None:
    settings = WebSettings.from_env({**KEY, "GRIDPATROL_INSTANCE": str(tmp_path)})

    assert settings.storage.instance == tmp_path
    assert replace(settings, storage=settings.storage) == settings
    assert (settings.language, settings.secure_cookies, settings.max_upload_mb, settings.proxies) == (
        "zh",
        False,
        50,
        0,
    )


def test_variables_are_read() -> None:
    settings = WebSettings.from_env(
        {**KEY, "GRIDPATROL_LANGUAGE": "en", "GRIDPATROL_SECURE_COOKIES": "1", "GRIDPATROL_IDLE_MINUTES": "5"}
    )

    assert (settings.language, settings.secure_cookies, settings.idle_minutes) == ("en", True, 5)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("GRIDPATROL_LANGUAGE", "fr"),
        ("GRIDPATROL_SECURE_COOKIES", "yes"),
        ("GRIDPATROL_MAX_UPLOAD_MB", "0"),
        ("GRIDPATROL_MAX_UPLOAD_MB", "5.5"),
        ("GRIDPATROL_PROXIES", "-1"),
    ],
)
def test_a_value_that_cannot_be_used_is_named(name: str, value: str) -> None:
    with pytest.raises(BadSetting, match=name):
        WebSettings.from_env({**KEY, name: value})


def test_printing_the_settings_does_not_print_the_key() -> None:
    assert KEY["GRIDPATROL_SECRET_KEY"] not in repr(WebSettings.from_env(KEY))


def test_sites_that_may_show_shared_views_are_named_one_by_one() -> None:
    settings = WebSettings.from_env(
        {**KEY, "GRIDPATROL_FRAME_HOSTS": "https://www.example.gov.cn, http://10.1.2.3:8080 https://*.example.org"}
    )

    assert settings.frame_hosts == ("https://www.example.gov.cn", "http://10.1.2.3:8080", "https://*.example.org")


@pytest.mark.parametrize(
    "said", ["*", "https://*", "www.example.org", "https://a.org/path", "https://a.org;script-src", "javascript:x"]
)
def test_a_site_that_would_let_everybody_in_or_end_the_rule_is_refused(said: str) -> None:
    with pytest.raises(BadSetting, match="GRIDPATROL_FRAME_HOSTS"):
        WebSettings.from_env({**KEY, "GRIDPATROL_FRAME_HOSTS": said})
