"""No argument of the command line is a card number, and none is printed again."""

from __future__ import annotations

import pytest

from tests.cli.conftest import Run

PAN = "4111 1111 1111 1111"
PLACE = '{"channel": "web", "currency": "GBP", "note": "%s", "lines": []}'


@pytest.mark.parametrize(
    ("words", "field"),
    [
        (("forget", "c1", "--reason", PAN), "argument 4"),
        (("keys", "create", PAN), "argument 3"),
        (("customer", "export", "c1", f"--purpose=card {PAN}"), "argument 4"),
        (("show", "order", PAN), "argument 3"),
        ((PAN,), "argument 1"),
        (("do", "PlaceOrder", PLACE % PAN), "note"),
    ],
)
def test_a_card_number_is_refused_and_not_repeated(
    run: Run, words: tuple[str, ...], field: str
) -> None:
    output = run(*words, code=2)
    assert "card_data_refused" in output.stderr
    assert f"field: {field}" in output.stderr
    assert "1111" not in output.stderr + output.stdout


def test_on_standard_input_too(run: Run) -> None:
    output = run("do", "PlaceOrder", "-", code=2, standard_input=PLACE % PAN)
    assert "card_data_refused" in output.stderr
    assert "1111" not in output.stderr + output.stdout
