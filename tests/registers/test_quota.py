"""The budget: never one call more than API Entreprise allows, and as few less as can be."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from prefill.domain.catalogue import CATALOGUE
from prefill.domain.sources import CALLS_PER_ADDRESS
from prefill.redis_client import OptionalRedis
from prefill.registers.quota import AFTER, BEFORE, FIRST_CALLS, LONGEST_CLOSING, QuotaRegistry, TokenQuota
from tests.support.clock import FakeClock

JSON = CATALOGUE["etablissements"]
OTHER_JSON = CATALOGUE["numero_tva"]
INPI = CATALOGUE["actes_inpi"]
OTHER_INPI = replace(INPI, name="another_endpoint_of_the_inpi")
START = 1_800_000_000.0  # a clock minute
LIMIT = 250


@pytest.fixture
def clock():
    return FakeClock(START + 30)


@pytest.fixture
def budgets(clock):
    """One process whose windows nobody else spends."""
    return TokenQuota(OptionalRedis(None, clock=clock), token="t", clock=clock, fresh=True)


def spend(budgets, source=JSON, calls=2000, **how):
    """Ask for calls until one is refused; tell how many were allowed."""
    for made in range(calls):
        if not budgets.reserve(source, **how).allowed:
            return made
    return calls


def told(limit=LIMIT, used=0, reset=START + 60):
    return {"RateLimit-Limit": str(limit), "RateLimit-Remaining": str(limit - used), "RateLimit-Reset": f"{reset:.0f}"}


def hear(budgets, source=JSON, **headers):
    budgets.apply_rate_limit_headers(source, told(**headers), refused=False, retry_after=None)


def test_a_window_is_spent_to_its_last_call_and_no_further(budgets):
    assert spend(budgets) == LIMIT
    assert budgets.reserve(OTHER_JSON).allowed is False


def test_a_refusal_says_when_the_next_window_begins(budgets, clock):
    spend(budgets)
    wait = budgets.reserve(JSON).retry_after
    clock.at += wait - 0.01
    early = budgets.reserve(JSON).allowed
    clock.at += 0.02

    assert wait == pytest.approx(30 + AFTER)
    assert early is False
    assert spend(budgets) == LIMIT


@pytest.mark.parametrize("seconds", [0.1, BEFORE - 0.1])
def test_a_call_that_may_arrive_in_the_next_window_is_paid_for_there_too(budgets, clock, seconds):
    clock.at = START + 60 - seconds
    made = spend(budgets, calls=100)
    clock.at = START + 60 + AFTER

    assert made + spend(budgets) == LIMIT


def test_a_call_made_by_a_clock_that_is_ahead_is_paid_for_in_the_window_before_too(budgets, clock):
    spend(budgets, calls=LIMIT - 10)
    clock.at = START + 60 + AFTER - 0.1

    assert spend(budgets) == 10


def test_nothing_is_kept_of_the_windows_gone_by(budgets, clock):
    for minute in range(100):
        clock.at = START + 60 * minute + 30
        budgets.reserve(JSON)

    assert all(len(counter.windows) <= 4 for counter in budgets._counters.values())


def test_a_group_is_counted_together_or_per_endpoint(budgets):
    assert spend(budgets, JSON) + spend(budgets, OTHER_JSON) == LIMIT
    assert (spend(budgets, INPI), spend(budgets, OTHER_INPI)) == (15, 15)


def test_the_address_has_a_ceiling_of_its_own(budgets):
    hear(budgets, limit=5000)

    assert spend(budgets) == CALLS_PER_ADDRESS
    assert budgets.reserve(INPI).allowed is False


def test_two_tokens_share_the_address_and_not_their_groups(clock):
    quotas = QuotaRegistry(OptionalRedis(None, clock=clock), clock=clock, fresh=True)
    one, other = quotas.for_token("one"), quotas.for_token("other")
    assert quotas.for_token("one") is one
    assert (spend(one), spend(other)) == (LIMIT, LIMIT)

    hear(one, limit=5000)
    hear(other, limit=5000)
    assert spend(one) + spend(other) == CALLS_PER_ADDRESS - 2 * LIMIT


def test_the_last_fifth_is_kept_for_candidates(budgets):
    assert spend(budgets, background=True) == 200
    assert spend(budgets, background=True) == 0
    assert spend(budgets) == 50


def test_threads_do_not_spend_a_call_twice(budgets):
    with ThreadPoolExecutor(16) as pool:
        allowed = list(pool.map(lambda _: budgets.reserve(JSON).allowed, range(600)))

    assert sum(allowed) == LIMIT


def test_the_server_knows_better_how_much_is_spent(budgets):
    spend(budgets, calls=5)
    hear(budgets, used=240)

    assert spend(budgets) == 10


def test_an_answer_on_its_way_for_long_does_not_lower_the_count(budgets):
    spend(budgets, calls=100)
    hear(budgets, used=3)

    assert spend(budgets) == LIMIT - 100


@pytest.mark.parametrize("limit", [20, 100, 400])
def test_a_token_may_have_a_limit_of_its_own(budgets, limit):
    budgets.reserve(JSON)
    hear(budgets, limit=limit, used=1)

    assert spend(budgets) == limit - 1
    assert budgets.reserve(JSON).remaining == 0


@pytest.mark.parametrize("minutes", [-3, -1, 1, 1000])
def test_what_is_said_of_another_window_does_not_touch_this_one(budgets, minutes):
    hear(budgets, used=240, reset=START + 60 + 60 * minutes)

    assert spend(budgets) == LIMIT


@pytest.mark.parametrize("text", ["", "-3", "1e9", "many", "٣", "9" * 40])
def test_headers_that_cannot_be_read_say_nothing(budgets, text):
    headers = {"RateLimit-Limit": text, "RateLimit-Remaining": text, "RateLimit-Reset": text}
    budgets.apply_rate_limit_headers(JSON, headers, refused=False, retry_after=None)

    assert spend(budgets) == LIMIT


@pytest.mark.parametrize(
    ("retry_after", "reset", "closed"),
    [
        (7.0, None, 7),  # a number, or a date that came to it
        (0.0, None, 30),  # zero, and no word of the window: to its end
        (None, None, 30),
        (0.0, START + 60, 30),
        (None, START + 42, 12),
        (45.0, START + 60, 45),
        (5.0, START + 60, 30),  # the later of two
        (None, START - 60, 30),  # a reset gone by
        (1e8, None, LONGEST_CLOSING),
    ],
)
def test_a_429_closes_its_group_until_its_reset(budgets, clock, retry_after, reset, closed):
    headers = {} if reset is None else told(used=LIMIT, reset=reset)
    headers.pop("RateLimit-Limit", None)
    budgets.apply_rate_limit_headers(JSON, headers, refused=True, retry_after=retry_after)

    refusal = budgets.reserve(OTHER_JSON)
    assert (refusal.allowed, refusal.retry_after) == (False, pytest.approx(closed))
    assert budgets.closed() == {"json": pytest.approx(closed)}
    assert budgets.reserve(INPI).allowed

    clock.at += closed + 0.01 + AFTER
    assert budgets.reserve(JSON).allowed
    assert budgets.closed() == {}


@pytest.fixture
def restarted(clock):
    """A process that starts in the middle of a window, and knows nothing of it."""
    return TokenQuota(OptionalRedis(None, clock=clock), token="t", clock=clock)


def test_a_process_started_in_mid_window_begins_slowly(restarted):
    assert spend(restarted) == FIRST_CALLS
    assert restarted.reserve(JSON).retry_after <= 1


def test_it_goes_on_when_the_server_has_told_what_was_spent(restarted):
    made = spend(restarted, calls=3)
    hear(restarted, used=203)

    assert 0 < made + spend(restarted) <= LIMIT - 200


def test_it_stops_when_all_was_spent(restarted):
    spend(restarted, calls=1)
    hear(restarted, used=LIMIT)

    assert spend(restarted) == 0


def test_answers_without_a_count_let_others_follow(restarted):
    for _ in range(100):
        assert restarted.reserve(JSON).allowed
        restarted.apply_rate_limit_headers(JSON, {}, refused=False, retry_after=None)


def test_the_next_window_is_ours_from_its_beginning(restarted, clock):
    spend(restarted)
    clock.at = START + 60 + AFTER

    assert spend(restarted) == LIMIT


def test_several_processes_without_redis_keep_each_to_their_share(clock):
    crew = [TokenQuota(OptionalRedis(None, clock=clock), token="t", clock=clock, instances=3) for _ in range(3)]
    first = sum(spend(one) for one in crew)
    clock.at = START + 60 + AFTER

    assert first <= FIRST_CALLS * 3
    assert [spend(one) for one in crew] == [83, 83, 83]


class Crew:
    """Instances on one Redis, and how many calls API Entreprise would have counted in each minute."""

    def __init__(self, url: str, clock: FakeClock, size: int = 3, **options: object) -> None:
        self.clock = clock
        self.members = [
            TokenQuota(OptionalRedis(url, clock=clock), token="t", clock=clock, **options)  # type: ignore[arg-type]
            for _ in range(size)
        ]
        self.counted: Counter[int] = Counter()

    def spend(self, calls: int = 400, members: Iterable[int] = (0, 1, 2)) -> int:
        """Take calls in turn, the server answering each; tell how many were allowed."""
        return sum(self.call(self.members[one]) for _ in range(calls) for one in members)

    def call(self, member: TokenQuota) -> bool:
        if not member.reserve(JSON).allowed:
            return False
        epoch = int(self.clock.at // 60)
        self.counted[epoch] += 1
        hear(member, used=min(LIMIT, self.counted[epoch]), reset=60 * (epoch + 1))
        return True

    def next_minute(self) -> None:
        self.clock.at = 60 * (self.clock.at // 60 + 1) + AFTER


def bereft(redis, clock: FakeClock) -> Crew:
    """Instances that counted together for two minutes, then lost their Redis; a minute without it begins."""
    crew = Crew(redis.url, clock)
    for _ in range(2):
        crew.spend(1)
        crew.next_minute()
    redis.kill()
    crew.spend(1)
    crew.next_minute()
    return crew


@pytest.fixture
def early():
    return FakeClock(START + AFTER)


def test_all_instances_spend_exactly_the_budget_of_a_window(redis_server, early):
    crew = Crew(redis_server.url, early)
    crew.spend(1)
    crew.next_minute()
    with ThreadPoolExecutor(12) as pool:
        allowed = sum(pool.map(lambda turn: crew.members[turn % 3].reserve(JSON).allowed, range(600)))

    assert allowed == LIMIT


def test_the_answers_of_others_do_not_make_the_count_larger_than_it_is(redis_server, early):
    crew = Crew(redis_server.url, early)
    crew.spend(1)
    crew.next_minute()

    assert crew.spend() == LIMIT


def test_a_group_closed_by_one_instance_is_closed_for_all(redis_server, clock):
    one, other = Crew(redis_server.url, clock, 2).members
    one.apply_rate_limit_headers(JSON, {}, refused=True, retry_after=20.0)

    assert other.reserve(JSON).retry_after == pytest.approx(20)
    assert other.reserve(INPI).allowed
    assert other.closed() == {"json": pytest.approx(20)}


def test_tokens_do_not_share_their_counts(redis_server, early):
    shared = OptionalRedis(redis_server.url, clock=early)
    one, other = (TokenQuota(shared, token=name, clock=early) for name in "ab")
    for each in (one, other):
        hear(each)
    early.at += 60

    assert (spend(one), spend(other)) == (LIMIT, LIMIT)


@pytest.mark.parametrize("before", [1, 40, 75])
def test_when_redis_dies_the_rest_of_the_window_is_shared_out(mortal_redis, early, before):
    crew = Crew(mortal_redis.url, early)
    crew.spend(1)
    crew.next_minute()
    crew.spend(before)
    mortal_redis.kill()
    crew.spend()
    lost = early.at // 60
    crew.next_minute()
    crew.spend()

    assert 3 * before <= crew.counted[lost] <= LIMIT
    assert 0.9 * LIMIT <= crew.counted[lost + 1] <= LIMIT


@pytest.mark.parametrize("away", [3, 20, 70])
def test_when_redis_is_back_all_count_together_again(mortal_redis, early, away):
    crew = Crew(mortal_redis.url, early)
    crew.spend(1)
    crew.next_minute()
    crew.spend(30)
    mortal_redis.kill()
    crew.spend(5)
    early.at += away
    crew.spend(5)
    mortal_redis.start()
    early.at += 5
    crew.spend()
    for _ in range(3):
        crew.next_minute()
        crew.spend(400, members=(0,))  # who alone asks may spend all of it, once all count together

    assert max(crew.counted.values()) <= LIMIT
    assert crew.counted[early.at // 60] == LIMIT


def test_a_redis_that_forgets_is_not_believed(redis_server, early):
    crew = Crew(redis_server.url, early)
    crew.spend(1)
    crew.next_minute()
    crew.spend(70)
    with redis_server.client() as client:
        client.flushall()
    crew.spend()

    assert crew.counted[early.at // 60] <= LIMIT


def test_who_sat_idle_while_redis_restarted_does_not_spend_the_window_again(mortal_redis, early):
    crew = Crew(mortal_redis.url, early)
    crew.spend(1)
    crew.next_minute()
    early.at += 20  # the Redis to come is younger than this window
    crew.spend(100, members=(0, 1))
    mortal_redis.kill()
    mortal_redis.start()
    crew.spend(300, members=(2,))

    assert crew.counted[early.at // 60] <= LIMIT


def test_who_starts_after_redis_did_learns_what_the_others_spent_without_it(mortal_redis, early):
    crew = bereft(mortal_redis, early)
    early.at += 20
    crew.spend()
    mortal_redis.start()
    early.at += 5
    crew.spend(5)
    newcomer = Crew(mortal_redis.url, early, 1).members[0]

    assert spend(newcomer) <= LIMIT - crew.counted[early.at // 60]


def test_a_redis_that_comes_back_empty_does_not_make_us_fewer(mortal_redis, early):
    crew = bereft(mortal_redis, early)
    crew.spend(30)
    mortal_redis.start()
    early.at += 5
    crew.spend(members=(0,))
    crew.spend(members=(1,))

    assert crew.counted[early.at // 60] <= LIMIT


def test_who_starts_while_the_others_count_in_redis_counts_with_them(mortal_redis, early):
    crew = Crew(mortal_redis.url, early)
    early.at += 50  # Redis is younger than this window, and not than the next
    crew.spend(1)
    crew.next_minute()
    crew.spend(70)
    crew.members.append(Crew(mortal_redis.url, early, 1).members[0])
    crew.spend(members=(3, 0, 1, 2))

    assert crew.counted[early.at // 60] == LIMIT


def test_a_redis_that_does_not_tell_its_age_is_believed(mortal_redis, early):
    with mortal_redis.client() as client:
        client.acl_setuser(
            "tenant", enabled=True, passwords=["+pw"], keys=["*"], categories=["+@all"], commands=["-info"]
        )
    crew = Crew(mortal_redis.url.replace("//", "//tenant:pw@"), early)
    crew.spend(1)
    crew.next_minute()

    assert crew.spend() == LIMIT
    assert all(member._shared.up for member in crew.members)


def test_the_instances_are_counted_and_need_not_be_told(mortal_redis, early):
    crew = Crew(mortal_redis.url, early, 4)
    for _ in range(2):
        crew.spend(1, members=range(4))
        crew.next_minute()
    mortal_redis.kill()
    crew.spend(1, members=range(4))
    crew.next_minute()

    assert [spend(one) for one in crew.members] == [62, 62, 62, 62]


@pytest.mark.parametrize("junk", ["", "soon", "nan", "1e400", b"\xff"])
def test_junk_in_redis_closes_nothing_for_ever(redis_server, clock, junk):
    crew = Crew(redis_server.url, clock, 1)
    with redis_server.client() as client:
        client.set("prefill:closed:t:json", junk)
    refusal = crew.members[0].reserve(JSON)

    assert refusal.allowed or refusal.retry_after <= LONGEST_CLOSING


def test_a_limit_of_its_own_is_learnt_before_a_crowd_is_let_through(redis_server, early):
    crew = Crew(redis_server.url, early)
    assert spend(crew.members[0]) <= FIRST_CALLS

    hear(crew.members[0], limit=20, used=12)
    assert spend(crew.members[0]) <= 8
