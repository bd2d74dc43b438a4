"""The catalogues: every sentence is there, in Chinese, with the same places to fill."""

import re

from babel.messages.catalog import Message

from webmap.translate import collect, read_catalogue, untranslated

PLACES = re.compile(r"%\(\w+\)[.\d]*[a-z]|%s")


def key(message: Message) -> object:
    return tuple(message.id) if isinstance(message.id, (list, tuple)) else message.id


def test_every_sentence_of_the_program_is_in_the_chinese_catalogue() -> None:
    stored = {key(message) for message in read_catalogue("zh")}

    assert [message.id for message in collect() if key(message) not in stored] == []


def test_every_sentence_is_translated_and_none_is_guessed() -> None:
    assert [message.id for message in untranslated(read_catalogue("zh"))] == []


def test_a_translation_fills_the_same_places_as_its_sentence() -> None:
    for message in read_catalogue("zh"):
        sentence = message.id[-1] if isinstance(message.id, (list, tuple)) else message.id
        texts = message.string if isinstance(message.string, (list, tuple)) else [message.string]
        for text in texts if sentence else ():
            assert sorted(PLACES.findall(text)) == sorted(PLACES.findall(sentence)), sentence
