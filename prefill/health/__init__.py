"""Is the service fit to work? What can be checked locally, and what only API Entreprise can answer.

A check is a value: a name, whether it is good, and a French sentence that says what to do when it is not.
"""

from prefill.health.local import (
    check_deployment,
    check_forms,
    check_information,
    check_locally,
    check_redis,
    check_reload,
    check_tenants,
    check_trace,
    check_vat_list,
)
from prefill.health.model import Check
from prefill.health.observed import check_observations, check_search, check_upstream, measure
from prefill.health.remote import check_remotely, probe_search
from prefill.health.startup import SANDBOX_BANNER, log_start
from prefill.health.token import check_token, report_token_expiry, token_expiry

__all__ = [
    "SANDBOX_BANNER",
    "Check",
    "check_deployment",
    "check_forms",
    "check_information",
    "check_locally",
    "check_observations",
    "check_redis",
    "check_reload",
    "check_remotely",
    "check_search",
    "check_tenants",
    "check_token",
    "check_trace",
    "check_upstream",
    "check_vat_list",
    "log_start",
    "measure",
    "probe_search",
    "report_token_expiry",
    "token_expiry",
]
