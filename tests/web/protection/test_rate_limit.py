"""The candidates' limit: each address its own, behind exactly the proxies that were declared."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from prefill.app import create_app
from prefill.redis_client import OptionalRedis
from prefill.settings import Settings
from prefill.web.protection.rate_limit import CACHED_FACTOR, RateLimiter
from tests.support.clock import FakeClock

ORDINARY, SECONDARY, RCS_DOWN = "00000100800010", "00000200600021", "00001300300017"


def rate_limiter(url=None, per_minute=5):
    return RateLimiter(OptionalRedis(url, clock=FakeClock(0.0)), per_minute=per_minute, secret=b"k" * 32)


def check(limit, address, **options):
    return limit.check(limit.requester(address), **options)


def admitted(limit, address, *, cached=False, times=200):
    return sum(check(limit, address, cached=cached) == 0 for _ in range(times))


def test_an_address_may_ask_so_much_and_no_more():
    limit = rate_limiter()

    assert admitted(limit, "192.0.2.1") == 5
    assert admitted(limit, "192.0.2.2") == 5
    assert 1 <= check(limit, "192.0.2.1", cached=False) <= 120


def test_a_request_for_several_companies_counts_as_many():
    limit = rate_limiter()

    assert check(limit, "192.0.2.1", cached=False, companies=3) == 0
    assert check(limit, "192.0.2.1", cached=False, companies=3) > 0
    assert check(limit, "192.0.2.1", cached=False, companies=2) == 0


def test_more_companies_than_the_limit_are_allowed_to_whoever_asked_for_nothing_else():
    limit = rate_limiter()

    assert check(limit, "192.0.2.1", cached=False, companies=20) == 0
    assert check(limit, "192.0.2.1", cached=False) > 0
    assert check(limit, "192.0.2.2", cached=False) == 0
    assert check(limit, "192.0.2.2", cached=False, companies=20) > 0


def test_what_is_known_is_cheaper():
    limit = rate_limiter()

    assert admitted(limit, "192.0.2.1", cached=True) == 5 * CACHED_FACTOR
    assert admitted(limit, "192.0.2.1") == 5


def test_no_limit_is_no_limit():
    assert admitted(rate_limiter(per_minute=0), "192.0.2.1") == 200


@pytest.mark.parametrize(
    ("one", "other", "together"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("192.0.2.1", "192.0.2.2", False),
        ("::ffff:192.0.2.1", "::ffff:192.0.2.2", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("192.0.2.1:50001", "192.0.2.1:50002", True),
        ("192.0.2.1:50001", "192.0.2.2:50001", False),
        ("[2001:db8:1:2::1]:50001", "2001:db8:1:2::2", True),
        ("[2001:db8:1:2::1]", "[2001:db8:1:3::1]:50001", False),
        ("not an address", "nor this", False),
    ],
)
def test_an_ipv6_visitor_is_known_by_their_64_first_bits(one, other, together):
    limit = rate_limiter()
    admitted(limit, one)

    assert (admitted(limit, other) == 0) is together


def test_an_address_is_only_kept_as_a_keyed_hash(redis_server):
    limit = rate_limiter(redis_server.url)
    check(limit, "192.0.2.1", cached=False)
    with redis_server.client() as client:
        names = b" ".join(client.keys())

    assert names
    assert b"192.0.2" not in names
    other = RateLimiter(OptionalRedis(None, clock=FakeClock(0.0)), per_minute=5, secret=b"x" * 32)
    assert limit.name("192.0.2.1") != other.name("192.0.2.1")


def test_all_instances_count_together(redis_server):
    limiters = [rate_limiter(redis_server.url) for _ in range(3)]
    with ThreadPoolExecutor(6) as pool:
        granted = sum(pool.map(lambda turn: check(limiters[turn % 3], "192.0.2.1", cached=False) == 0, range(60)))

    assert granted == 5


def test_without_redis_each_instance_counts_for_itself(mortal_redis):
    limit = rate_limiter(mortal_redis.url)
    mortal_redis.kill()

    assert admitted(limit, "192.0.2.1") == 5


def ask(client, number=ORDINARY, forwarded=None, peer="203.0.113.9"):
    headers = {} if forwarded is None else {"X-Forwarded-For": forwarded}
    return client.get(f"/v1/prefill/{number}", headers=headers, environ_base={"REMOTE_ADDR": peer})


def crowd(proxies, addresses):
    """Ask what is not kept, once from each; tell the statuses."""
    client = create_app(Settings(log="json", proxies=proxies, rate_limit=2, cache_entries=0)).test_client()
    return [ask(client, forwarded=forwarded).status_code for forwarded in addresses]


def test_too_many_questions_are_a_problem_that_says_when_to_come_back():
    client = create_app(Settings(log="json", rate_limit=1, cache_entries=0)).test_client()
    ask(client)
    refused = ask(client)

    assert refused.status_code == 429
    assert refused.mimetype == "application/problem+json"
    assert refused.json["code"] == "too_many_requests"
    assert 1 <= int(refused.headers["Retry-After"]) <= 120
    assert refused.json["retryAfter"] == int(refused.headers["Retry-After"])


def test_a_company_the_cache_holds_does_not_use_up_the_limit():
    client = create_app(Settings(log="json", rate_limit=2)).test_client()

    assert [ask(client).status_code for _ in range(12)] == [200] * 12
    assert [ask(client, number).status_code for number in (SECONDARY, RCS_DOWN)] == [200, 429]


def test_without_proxies_the_header_is_anybodys_word():
    assert crowd(0, ["10.0.0.1", "10.0.0.2", "10.0.0.3"]) == [200, 200, 429]


def test_behind_one_proxy_the_last_address_counts():
    assert crowd(1, ["10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4"]) == [200] * 4
    assert crowd(1, ["1.1.1.1, 10.0.0.1", "2.2.2.2, 10.0.0.1", "3.3.3.3, 10.0.0.1"]) == [200, 200, 429]


def test_behind_two_proxies_the_last_but_one_counts():
    assert crowd(2, [f"9.9.9.9, 10.0.0.{one}, 10.9.9.9" for one in range(4)]) == [200] * 4
    assert crowd(2, [f"{one}.1.1.1, 10.0.0.1, 10.9.9.9" for one in range(3)]) == [200, 200, 429]


def test_fewer_addresses_than_proxies_are_not_believed():
    assert crowd(2, ["10.0.0.1", "10.0.0.2", "10.0.0.3"]) == [200, 200, 429]
