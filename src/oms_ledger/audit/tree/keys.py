"""The file of the private signing key, outside the database, and key rotation.

Write access to the database must not be enough to sign; the key file is. So the file is readable by
the worker's user alone, and is backed up apart from the database.
"""

from __future__ import annotations

import os
from pathlib import Path

from oms_ledger.audit.standalone.hashes import Unproven
from oms_ledger.audit.standalone.notes import VerifierKey
from oms_ledger.audit.tree import notes
from oms_ledger.audit.tree.notes import SigningKey
from oms_ledger.audit.tree.store import Seal, StoredVerifierKey, TreeStore
from oms_ledger.domain.errors import NotFound, Refused


def signing_key(file: Path, name: str, expected: VerifierKey | None) -> SigningKey:
    """The key in the file. `expected` is the verifier key that the ledger signs with; None before
    the first seal, when a missing file is created. `Refused` where the file holds another key, or
    where other users may read it."""
    if not file.exists() and expected is None:
        write(file, SigningKey.generate(name))
    successor = _successor(file)
    if successor.exists() and expected is not None and read(successor).verifier == expected:
        os.replace(successor, file)  # a rotation was interrupted after its seal
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
    """The key in the file. `NotFound` without a file, `Refused` where other users may read it."""
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
    """Create the file, readable by this user alone. An existing file is left as it is."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    temporary = file.with_name(f"{file.name}.{os.getpid()}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as out:
        out.write(key.text())
        out.flush()
        os.fsync(out.fileno())
    try:
        os.link(temporary, file)  # unlike a rename this fails where another process was first
    except FileExistsError:
        pass
    finally:
        temporary.unlink()


def file_for(named: str | None, data_dir: Path, ledger: str, ledger_id: str) -> Path:
    """The path of the key file: `named`, or one in the data folder. Its name has the ledger id, so
    that a ledger that is created again gets a new key."""
    if named:
        return Path(named).expanduser()
    return data_dir / "keys" / f"{ledger}-{ledger_id[:8]}.key"


def trusted_keys(store: TreeStore, file: Path) -> list[VerifierKey]:
    """The key in the file, which cannot be changed through the database. Without a file, the keys
    in the database, which prove less."""
    if file.exists():
        return [read(file).verifier]
    return [stored.key for stored in store.signing_keys()]


def verifier_keys(store: TreeStore) -> list[str]:
    """The verifier keys of this ledger as text, the newest last."""
    return [str(stored.key) for stored in store.signing_keys()]


def rotate(store: TreeStore, file: Path, name: str, *, lost: bool = False) -> VerifierKey:
    """Sign with a new key from now on. The old key signs a rotation note, and a checkpoint of the
    present tree is signed by both. With `lost` the old key signs neither; verifiers then have to
    get the new verifier key by other means."""
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
    stored = StoredVerifierKey(new.verifier, state.size, note)
    store.seal(Seal(state.size, state.size, state.root, (), signed, stored))
    os.replace(successor, file)
    return new.verifier


def _successor(file: Path) -> Path:
    return file.with_name(f"{file.name}.new")
