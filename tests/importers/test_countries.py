"""Country names of the file have the codes of ISO 3166."""

from __future__ import annotations

import pycountry
import pytest

from oms_ledger.importers.countries import ISO_CODES, iso_code

OTHER_NAMES = {"EIRE": "Ireland", "RSA": "South Africa"}
"""Names that ISO 3166 does not know, and those that it does."""


def published(name: str) -> str | None:
    """The code of a country by any of its names in ISO 3166."""
    try:
        return str(pycountry.countries.lookup(name).alpha_2)
    except LookupError:
        return None


def test_every_name_has_its_code() -> None:
    published_codes = {name: published(OTHER_NAMES.get(name, name)) for name in ISO_CODES}
    assert published_codes == ISO_CODES


@pytest.mark.parametrize("name", ["Channel Islands", "European Community", "Unspecified", ""])
def test_what_is_no_country_has_no_code(name: str) -> None:
    assert published(name) is None
    assert iso_code(name) is None
