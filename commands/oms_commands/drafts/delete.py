"""Deleting a draft."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field
from typing import ClassVar

from pydantic.dataclasses import dataclass
from pydantic.json_schema import SkipJsonSchema

from oms_commands._fields import STRICT, Id
from oms_commands.customers._subjects import refuse_if_held, streams_of
from oms_commands.drafts._fields import record_of_draft
from oms_ledger.domain.customers.events import CustomerForgotten
from oms_ledger.domain.drafts.answers import DraftStatusAnswer
from oms_ledger.domain.drafts.events import DraftDeleted
from oms_ledger.domain.drafts.state import Draft, open_draft
from oms_ledger.domain.drafts.views import draft_status_view
from oms_ledger.domain.personal import ResolvedSubject, SubjectRef, with_fields
from oms_ledger.kernel import Change, Command, Context, Given, Json, Ref, Route


@dataclass(frozen=True, slots=True, config=STRICT)
class DeleteDraft(Command):
    """Delete a draft that has not become an order.

    Whose draft names neither a customer's id nor an e-mail address is forgotten with it; others are
    forgotten by these.
    """

    name: ClassVar[str] = "DeleteDraft"
    route: ClassVar[Route] = Route("DELETE", "/v1/drafts/{draft_id}")
    scope: ClassVar[str] = "orders:write"
    answer_type: ClassVar[type] = DraftStatusAnswer
    within_channels: ClassVar[bool] = True
    example: ClassVar[Mapping[str, Json]] = {}
    forgets: ClassVar[bool] = True

    draft_id: Id
    subject: SkipJsonSchema[ResolvedSubject | None] = field(default=None, init=False)

    @property
    def subject_ref(self) -> SubjectRef:
        return SubjectRef(record_of_draft(self.draft_id), internal=True)

    def with_subject(self, subject: ResolvedSubject) -> DeleteDraft:
        return with_fields(self, subject=subject)

    def reads(self, ctx: Context, given: Given) -> Iterable[Ref]:
        return [(Draft, self.draft_id), *self._records()]

    def _records(self) -> list[Ref]:
        return streams_of(self.subject, record_of_draft(self.draft_id))[1]

    def decide(self, ctx: Context, given: Given) -> Sequence[Change]:
        open_draft(given, self.draft_id, "deleted")
        deleted = Change(DraftDeleted(self.draft_id))
        keys = self.subject.keys if self.subject is not None else ()
        if not keys:
            return [deleted]
        refuse_if_held(self._records(), given)
        record = record_of_draft(self.draft_id)
        return [deleted, Change(CustomerForgotten(record, "draft deleted", None, keys))]

    def answer(self, ctx: Context, given: Given) -> Mapping[str, Json]:
        return draft_status_view(self.draft_id, given.state(Draft, self.draft_id))
