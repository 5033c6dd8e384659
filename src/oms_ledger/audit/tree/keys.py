"""The private key in its file, outside the database, and the change to a new one.

Whoever can change the database must not be able to sign; whoever has the key file can. So the
file is for the worker's user alone, and is backed up apart from the database.
"""

from __future__ import annotations

import os
from pathlib import Path

from oms_ledger.audit.standalone.hashes import Unproven
from oms_ledger.audit.standalone.notes import VerifierKey
from oms_ledger.audit.tree import notes
from oms_ledger.audit.tree.notes import SigningKey
from oms_ledger.audit.tree.store import Seal, StoredKey, TreeStore
from oms_ledger.domain.errors import NotFound, Refused


def signing_key(file: Path, name: str, expected: VerifierKey | None) -> SigningKey:
    """The key in the file. `expected` is the one this ledger signs with; where there is none
    yet, a missing file is made. `Refused` where the file holds another key, or others may read
    it."""
    if not file.exists() and expected is None:
        write(file, SigningKey.generate(name))
    successor = _successor(file)
    if successor.exists() and expected is not None and read(successor).verifier == expected:
        os.replace(successor, file)  # the change was cut short after the ledger had it
    key = read(file)
    if expected is not None and key.verifier != expected:
        raise Refused(
            f"{file} holds the key {key.verifier}, and the ledger signs with {expected}. Put the"
            " right file back, or change the key.",
            code="wrong_signing_key",
        )
    if key.name != name:
        raise Refused(
            f"{file} holds a key of {key.name}, not of {name}. Each ledger has its own.",
            code="wrong_signing_key",
        )
    return key


def read(file: Path) -> SigningKey:
    """The key in a file. `NotFound` without one, `Refused` where others may read it."""
    try:
        mode = file.stat().st_mode
        text = file.read_text("utf-8")
    except FileNotFoundError:
        raise NotFound(
            f"The signing key is missing: no file {file}. Put it back from its backup, or change"
            " the key and tell those who verify.",
            code="signing_key_missing",
        ) from None
    if os.name == "posix" and mode & 0o077:
        raise Refused(
            f"Others may read the signing key. Run: chmod 600 {file}", code="signing_key_exposed"
        )
    try:
        return SigningKey.parse(text)
    except Unproven as error:
        raise Refused(f"{file}: {error}.", code="wrong_signing_key") from error


def write(file: Path, key: SigningKey) -> None:
    """Make the file, for this user alone; never over another."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    made = file.with_name(f"{file.name}.{os.getpid()}")
    descriptor = os.open(made, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as out:
        out.write(key.text())
        out.flush()
        os.fsync(out.fileno())
    try:
        os.link(made, file)  # unlike a rename this fails where another process was first
    except FileExistsError:
        pass
    finally:
        made.unlink()


def file_for(named: str | None, data_dir: Path, ledger: str, ledger_id: str) -> Path:
    """The key's file: the one that is named, or one in the data folder, called by the ledger's
    id so that a ledger made anew makes a key of its own."""
    if named:
        return Path(named).expanduser()
    return data_dir / "keys" / f"{ledger}-{ledger_id[:8]}.key"


def trusted_keys(store: TreeStore, file: Path) -> list[VerifierKey]:
    """The key in the file here, which no change of the database can touch; where there is none,
    those that the database names, which prove less."""
    if file.exists():
        return [read(file).verifier]
    return [stored.key for stored in store.signing_keys()]


def verifier_keys(store: TreeStore) -> list[str]:
    """The texts by which signatures of this ledger are checked, the newest last."""
    return [str(stored.key) for stored in store.signing_keys()]


def rotate(store: TreeStore, file: Path, name: str, *, lost: bool = False) -> VerifierKey:
    """Sign with a new key from now on. The old one signs that it hands over, and the checkpoint
    of this moment carries both signatures. With `lost` the old key is not asked: those who
    verify must then be told of the new one by other means."""
    keys, state = store.signing_keys(), store.state()
    if not keys:
        raise Refused("Nothing is signed yet: there is no key to change.", code="nothing_signed")
    new = SigningKey.generate(name)
    handing_over: list[SigningKey] = []
    if not lost:
        handing_over.append(signing_key(file, name, keys[-1].key))
    successor = _successor(file)
    successor.unlink(missing_ok=True)
    write(successor, new)
    note = notes.rotation(handing_over[0], new, state.size) if handing_over else None
    signed = notes.checkpoint(name, state.size, state.root, *handing_over, new)
    stored = StoredKey(new.verifier, state.size, note)
    store.seal(Seal(state.size, state.size, state.root, (), signed, stored))
    os.replace(successor, file)
    return new.verifier


def _successor(file: Path) -> Path:
    return file.with_name(f"{file.name}.new")
