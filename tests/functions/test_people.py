"""Who somebody is to us, and whom an operator advises."""

import pytest

from tests.world import ALICE, BRUNO, CHLOE, MIKL, NORA, STRANGER


def test_a_client_is_told_who_they_are_and_who_advises_them(call):
    answer = call("who-am-i", {}, ALICE)

    assert answer.json["data"] == {
        "role": "client",
        "id": ALICE.row,
        "name": "Alice",
        "locale": "fr",
        "timeZone": "Europe/Paris",
        "operator": {"id": MIKL.row, "name": "MiKL"},
    }


def test_an_operator_is_told_who_they_are(call):
    answer = call("who-am-i", {}, NORA)

    assert answer.json["data"]["role"] == "operator"
    assert answer.json["data"]["id"] == NORA.row
    assert answer.json["data"]["operator"] is None


def test_a_stranger_is_nobody_to_us(call):
    assert call("who-am-i", {}, STRANGER).json["error"]["code"] == "not_a_party"


def test_an_operator_lists_own_clients_and_nobody_elses(call):
    of_mikl = call("list-clients", {}, MIKL).json["data"]["items"]
    of_nora = call("list-clients", {}, NORA).json["data"]["items"]

    assert {client["id"] for client in of_mikl} == {ALICE.row, BRUNO.row}
    assert [client["name"] for client in of_nora] == ["Chloé"]
    assert of_nora[0].keys() == {"id", "name", "email", "createdAt"}


@pytest.mark.parametrize("search", ["ALICE", "lic", "alice@client", "Alice alice@"])
def test_a_client_is_found_by_a_part_of_name_or_e_mail(call, search):
    found = call("list-clients", {"search": search}, MIKL).json["data"]["items"]

    assert [client["id"] for client in found] == [ALICE.row]


@pytest.mark.parametrize("search", ["%", "_", "chloe", "'"])
def test_a_search_is_words_and_finds_nobody_elses_client(call, search):
    assert call("list-clients", {"search": search}, MIKL).json["data"]["items"] == []


def test_clients_come_in_pages_newest_first(call, rows):
    rows(
        "update clients set created_at = created_at - interval '1 day' where id = :id", id=ALICE.row
    )

    first = call("list-clients", {"limit": 1}, MIKL).json["data"]
    rest = call("list-clients", {"limit": 1, "cursor": first["nextCursor"]}, MIKL).json["data"]

    assert [client["id"] for client in first["items"] + rest["items"]] == [BRUNO.row, ALICE.row]
    assert rest["nextCursor"] is None
    assert CHLOE.row not in str(first) + str(rest)
