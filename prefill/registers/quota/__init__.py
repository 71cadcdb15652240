"""Client-side quota for API Entreprise, shared by processes through Redis."""

from prefill.registers.quota.counters import WHOLE_LIMIT, Ceiling, Ceilings, Reservation, WindowState, group_of
from prefill.registers.quota.registry import QuotaRegistry
from prefill.registers.quota.shared_counters import NotReserved
from prefill.registers.quota.token_quota import TokenQuota

__all__ = [
    "WHOLE_LIMIT",
    "Ceiling",
    "Ceilings",
    "NotReserved",
    "QuotaRegistry",
    "Reservation",
    "TokenQuota",
    "WindowState",
    "group_of",
]
