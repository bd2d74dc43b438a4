"""Encodings are decided by the bytes; what stays open is refused, because a wrong guess shows no error."""

import pytest

from data.errors import UnreadableFile
from data.exchange.encodings import choose, decode, decode_cut

STREETS = "解放路北段与人民街交叉口东侧小区"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16", "utf-16-le", "utf-16-be"])
def test_chinese_text_is_read_in_every_encoding_that_offices_send(encoding: str) -> None:
    text = f"名称,地址\n{STREETS},1号\n"

    assert decode(text.encode(encoding), file="a.csv") == text


def test_a_rare_character_of_a_name_does_not_make_gbk_unrecognisable() -> None:
    assert decode("姓名\n王喆\n李琤\n陈镕基\n".encode("gbk"), file="a.csv") == "姓名\n王喆\n李琤\n陈镕基\n"


def test_accented_western_names_are_not_read_as_chinese() -> None:
    assert decode("name\nMéxico\nDoña Ana\n".encode("latin-1"), file="a.csv") == "name\nMéxico\nDoña Ana\n"


@pytest.mark.parametrize(
    ("text", "encoding"),
    [("ひたちなか市那珂湊", "shift_jis"), ("ひたちなか市と水戸市", "euc_jp"), ("臺灣省高雄縣鳳山市", "big5")],
)
def test_text_that_is_neither_utf8_nor_gbk_is_refused_with_advice(text: str, encoding: str) -> None:
    with pytest.raises(UnreadableFile, match="Save it again as UTF-8"):
        decode(text.encode(encoding), file="a.csv")


def test_a_long_korean_text_is_not_taken_for_gbk() -> None:
    assert choose(["서울특별시강남구테헤란로길동네".encode("euc-kr")], declared=None) is None


def test_valid_utf8_wins_over_a_wrong_declaration() -> None:
    assert choose([STREETS.encode()], declared="cp1252") == "utf-8"


def test_gbk_wins_over_the_western_code_page_that_software_writes_everywhere() -> None:
    assert choose([STREETS.encode("gbk")], declared="cp1252") == "gb18030"


def test_a_declaration_that_its_own_bytes_belie_is_refused() -> None:
    assert choose([STREETS.encode("gbk")], declared="cp932") is None


def test_a_last_character_that_the_field_cut_through_is_left_out() -> None:
    assert decode_cut("幸福小区".encode()[:-1], "utf-8") == "幸福小"
    assert choose(["幸福小区".encode()[:-1]], declared=None) == "utf-8"


def test_an_encoding_that_the_user_names_wrongly_is_refused() -> None:
    with pytest.raises(UnreadableFile):
        decode(STREETS.encode("gbk"), file="a.csv", encoding="utf-8")
