"""The registers with the list before them: the VAT number of whoever is on it is answered without a call."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from datetime import date, datetime
from types import MappingProxyType

from prefill.domain.answers import Answer, Status
from prefill.domain.company import Company
from prefill.domain.requester import SERVICE, Registers, Requester
from prefill.domain.sources import Source
from prefill.registers.client import RegisterClient
from prefill.vat_list.index import VatList

SOURCE = "numero_tva"


class RegistersWithVatList:
    """A tenant's registers. What the list says is cached as the DGFIP's own answer, of the list's day."""

    def __init__(
        self, registers: Registers, client: RegisterClient, vat_list: VatList, *, now: Callable[[], datetime]
    ) -> None:
        self._registers = registers
        self._client = client
        self._list = vat_list
        self._now = now

    def submit(
        self,
        source: Source,
        company: Company,
        *,
        object: str | None = None,
        requester: Requester = SERVICE,
        patience: float = 0.0,
    ) -> Future[Answer]:
        listed = self._listed(source, company, requester)
        if listed and requester.anticipation:
            early: Future[Answer] = Future()
            early.set_result(Answer(source.name, Status.LATE))  # there is nothing to win
            return early
        if listed:
            number, day = listed
            said = Answer(
                source.name,
                Status.OK,
                data={"siren": company.siren, "numero_tva": number},
                meta=MappingProxyType({"date_derniere_mise_a_jour": day.isoformat()}),
                retrieved_at=self._now().replace(microsecond=0),
            )
            self._client.learn(source, company, said, requester)
        return self._registers.submit(source, company, object=object, requester=requester, patience=patience)

    def _listed(self, source: Source, company: Company, requester: Requester) -> tuple[str, date] | None:
        if source.name != SOURCE or not company.siren or self._client.has_fresh(source, company, requester):
            return None
        return self._list.number_of(company.siren)

    def is_cached(self, source: Source, company: Company) -> bool:
        return self._registers.is_cached(source, company)
