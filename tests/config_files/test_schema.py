"""Schemas whose messages are French and say what is possible."""

import marshmallow
import pytest

from prefill.config_files.schema import FileSchema, among, flag, flat, hint, listed, mapping, nested, text


class KeySchema(FileSchema):
    scope = text(among(("lire", "écrire")))
    revoked = flag()
    refused = {"secret": "jamais ici"}


class TableSchema(FileSchema):
    names = mapping(text())
    keys = listed(nested(KeySchema), "clés")


def messages(tree: object) -> dict[tuple[str, ...], str]:
    with pytest.raises(marshmallow.ValidationError) as refused:
        TableSchema().load(tree)
    return dict(flat(refused.value.messages))


def test_an_unknown_key_is_guessed_and_the_possible_ones_are_listed():
    [message] = messages({"nmaes": {}}).values()

    assert message == "clé inconnue « nmaes » ; vouliez-vous dire « names » ? (clés possibles : names, keys)"


def test_some_unknown_keys_have_their_own_message():
    assert messages({"keys": [{"secret": "x"}]}) == {("keys", "0", "secret"): "jamais ici"}


def test_a_choice_is_guessed():
    assert messages({"keys": [{"scope": "lier"}]}) == {
        ("keys", "0", "scope"): "attend lire ou écrire, pas « lier » ; vouliez-vous dire « lire » ?"
    }


def test_messages_about_a_dictionary_stand_at_its_keys():
    assert messages({"names": {"a": ""}}) == {
        ("names", "a"): "ne peut pas être vide : écrivez un texte, ou retirez la clé"
    }


def test_only_true_and_false_are_flags():
    assert messages({"keys": [{"revoked": "oui"}]}) == {("keys", "0", "revoked"): "attend true ou false"}


def test_nothing_is_guessed_of_a_word_like_no_other():
    assert hint("zzz", ["nom"]) == ""
