"""Signed notes, checkpoints and keys, as the C2SP specifications have them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oms_ledger.audit.standalone.hashes import Unproven
from oms_ledger.audit.standalone.notes import (
    Checkpoint,
    Note,
    VerifierKey,
    open_checkpoint,
    trusted,
)
from oms_ledger.audit.tree import notes
from oms_ledger.audit.tree.notes import SigningKey

NAME = "oms-ledger/main/0123456789abcdef"
KEY, OTHER = SigningKey.generate(NAME), SigningKey.generate(NAME)
ROOT = bytes(range(32))
NOTE = notes.checkpoint(NAME, 20_852_163, ROOT, KEY)

# The example of c2sp.org/tlog-checkpoint and the key it is signed with.
EXAMPLE = """example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

\N{EM DASH} example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJ\
urmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
"""


def test_the_example_of_the_specification_is_read() -> None:
    note = Note.parse(EXAMPLE)
    checkpoint = Checkpoint.parse(note.text)
    assert (checkpoint.origin, checkpoint.size) == ("example.com/behind-the-sofa", 20_852_163)
    assert checkpoint.text == note.text
    assert note.signatures[0].key_id.hex() == "033de0ae"


def test_a_checkpoint_is_opened_by_its_key() -> None:
    assert open_checkpoint(NOTE, [OTHER.verifier, KEY.verifier]) == Checkpoint(
        NAME, 20_852_163, ROOT
    )


def test_a_checkpoint_of_another_key_is_not_opened() -> None:
    with pytest.raises(Unproven, match="no key that is trusted"):
        open_checkpoint(NOTE, [OTHER.verifier])


@given(at=st.integers(0, len(NOTE) - 2), to=st.characters(codec="ascii"))
def test_no_changed_character_is_accepted(at: int, to: str) -> None:
    changed = NOTE[:at] + to + NOTE[at + 1 :]
    if changed == NOTE:
        return
    try:
        checkpoint = open_checkpoint(changed, [KEY.verifier])
    except Unproven:
        return
    # Two texts of the same signature: the last two bits of base64 say nothing.
    assert checkpoint.text == NOTE.split("\n\n")[0] + "\n"


def test_one_bad_signature_of_a_trusted_key_invalidates_the_note() -> None:
    good, bad = NOTE, notes.checkpoint(NAME, 1, ROOT, OTHER).split("\n\n")[1]
    with pytest.raises(Unproven, match="does not fit"):
        open_checkpoint(good + bad, [KEY.verifier, OTHER.verifier])
    assert open_checkpoint(good + bad, [KEY.verifier]).size == 20_852_163


@pytest.mark.parametrize(
    "text",
    [
        "",
        "origin\n1\n",
        "origin\n01\nAAAA\n",
        "origin\n-1\n" + "A" * 43 + "=\n",
        "origin\n\N{ARABIC-INDIC DIGIT ONE}\n" + "A" * 43 + "=\n",
        "\n1\n" + "A" * 43 + "=\n",
        "origin\n1\nAAAA\n",
    ],
)
def test_what_is_no_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(Unproven):
        Checkpoint.parse(text)


def test_keys_are_read_back_as_they_were_written() -> None:
    again = SigningKey.parse(KEY.text())
    assert again.verifier == KEY.verifier
    assert VerifierKey.parse(str(KEY.verifier)) == KEY.verifier
    assert "private" not in repr(KEY).lower()
    private = KEY.text().strip().split("+", 4)[4]  # it may contain a plus sign itself
    assert len(private) > 40
    assert private not in repr(KEY)


def test_a_mistyped_key_is_reported() -> None:
    text = str(KEY.verifier)
    with pytest.raises(Unproven, match="typing error"):
        VerifierKey.parse(text.replace("main", "mian"))
    with pytest.raises(Unproven, match="no verifier key"):
        VerifierKey.parse("rubbish")
    with pytest.raises(Unproven):
        SigningKey.parse(str(KEY.verifier))


def test_trust_extends_along_changes_of_keys_in_any_order() -> None:
    third = SigningKey.generate(NAME)
    changes = [notes.rotation(OTHER, third, 20), notes.rotation(KEY, OTHER, 10)]
    assert set(trusted([KEY.verifier], changes)) == {k.verifier for k in (KEY, OTHER, third)}
    assert trusted([SigningKey.generate(NAME).verifier], changes) != []
    assert KEY.verifier not in trusted([SigningKey.generate(NAME).verifier], changes)


def test_a_change_of_keys_that_one_of_them_did_not_sign_extends_nothing() -> None:
    text = notes.rotation(KEY, OTHER, 10).split("\n\n")[0] + "\n"
    for forged in (notes.sign(text, OTHER), notes.sign(text, KEY)):
        with pytest.raises(Unproven, match="both"):
            trusted([KEY.verifier], [forged])
    with pytest.raises(Unproven, match="no note of a key rotation"):
        trusted([KEY.verifier], [NOTE])
