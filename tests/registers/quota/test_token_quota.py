"""The quota: never one call more than API Entreprise allows, and as few less as can be."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import takewhile

import pytest

from prefill.domain.catalogue import CATALOGUE
from prefill.domain.sources import CALLS_PER_ADDRESS
from prefill.redis_client import OptionalRedis
from prefill.registers.quota import Ceiling, Ceilings, QuotaRegistry, TokenQuota, WindowState
from prefill.registers.quota.process import FIRST_CALLS
from prefill.registers.quota.token_quota import AFTER, BEFORE, MAX_CLOSING
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
def quota(clock):
    """One process whose windows nobody else spends."""
    return TokenQuota(OptionalRedis(None, clock=clock), token="t", clock=clock, fresh=True)


def spend(quota, source=JSON, calls=2000, **how):
    """Ask for calls until one is refused; tell how many were allowed."""
    for made in range(calls):
        if not quota.reserve(source, **how).allowed:
            return made
    return calls


def told(limit=LIMIT, used=0, reset=START + 60):
    return {"RateLimit-Limit": str(limit), "RateLimit-Remaining": str(limit - used), "RateLimit-Reset": f"{reset:.0f}"}


def hear(quota, source=JSON, **headers):
    quota.apply_rate_limit_headers(source, told(**headers), refused=False, retry_after=None)


def test_a_window_is_spent_to_its_last_call_and_no_further(quota):
    assert spend(quota) == LIMIT
    assert quota.reserve(OTHER_JSON).allowed is False


def test_a_refusal_says_when_the_next_window_begins(quota, clock):
    spend(quota)
    wait = quota.reserve(JSON).retry_after
    clock.at += wait - 0.01
    early = quota.reserve(JSON).allowed
    clock.at += 0.02

    assert wait == pytest.approx(30 + AFTER)
    assert early is False
    assert spend(quota) == LIMIT


@pytest.mark.parametrize("seconds", [0.1, BEFORE - 0.1])
def test_a_call_that_may_arrive_in_the_next_window_is_paid_for_there_too(quota, clock, seconds):
    clock.at = START + 60 - seconds
    made = spend(quota, calls=100)
    clock.at = START + 60 + AFTER

    assert made + spend(quota) == LIMIT


def test_a_call_made_by_a_clock_that_is_ahead_is_paid_for_in_the_window_before_too(quota, clock):
    spend(quota, calls=LIMIT - 10)
    clock.at = START + 60 + AFTER - 0.1

    assert spend(quota) == 10


def test_a_group_is_counted_together_or_per_endpoint(quota):
    assert spend(quota, JSON) + spend(quota, OTHER_JSON) == LIMIT
    assert (spend(quota, INPI), spend(quota, OTHER_INPI)) == (15, 15)


def test_the_address_has_a_ceiling_of_its_own(quota):
    hear(quota, limit=5000)

    assert spend(quota) == CALLS_PER_ADDRESS
    assert quota.reserve(INPI).allowed is False


def test_two_tokens_share_the_address_and_not_their_groups(clock):
    quotas = QuotaRegistry(OptionalRedis(None, clock=clock), clock=clock, fresh=True)
    one, other = quotas.for_habilitation("one"), quotas.for_habilitation("other")
    assert quotas.for_habilitation("one") is one
    assert (spend(one), spend(other)) == (LIMIT, LIMIT)

    hear(one, limit=5000)
    hear(other, limit=5000)
    assert spend(one) + spend(other) == CALLS_PER_ADDRESS - 2 * LIMIT


def test_what_one_of_several_tokens_uses_before_its_share_is_spent_depends_on_what_all_have_left(clock):
    """Crowds of any number of buyers leave the more the more of them there are, and one alone is not held back by it."""
    quotas = QuotaRegistry(OptionalRedis(None, clock=clock), clock=clock, fresh=True)

    def spend_share(name):
        one = quotas.for_habilitation(name)
        return sum(1 for _ in range(LIMIT) if one.keeps_to_share(JSON, 0.25) and one.reserve(JSON).allowed)

    alone = quotas.for_habilitation("0")
    assert (alone.shares_address, alone.keeps_to_share(JSON, 0.0)) == (False, True)
    quotas.for_habilitation("1")
    spent = [spend_share(str(rank)) for rank in range(8)]

    assert alone.shares_address
    assert spent[0] == 200
    assert spent == sorted(spent, reverse=True)
    assert sum(spent) < 0.85 * CALLS_PER_ADDRESS


def test_a_ceiling_keeps_the_rest_of_the_limit_for_others(quota):
    most = Ceiling(0.8, 0.8)
    assert spend(quota, ceilings=Ceilings(own=most)) == 200
    assert quota.reserve(JSON, ceilings=Ceilings(own=most)).retry_after == pytest.approx(30 + AFTER)
    assert spend(quota) == 50


def test_a_ceiling_of_the_address_is_apart_from_that_of_the_habilitation(clock):
    quotas = QuotaRegistry(OptionalRedis(None, clock=clock), clock=clock, fresh=True)
    crowd, other = quotas.for_habilitation("crowd"), quotas.for_habilitation("other")
    half = Ceilings(address=Ceiling(0.2, 0.2))
    assert spend(crowd, ceilings=half) == 0.2 * CALLS_PER_ADDRESS
    refused = other.admits(JSON, half), other.reserve(JSON, ceilings=half).allowed

    assert refused == (False, False)
    assert other.admits(JSON, Ceilings(own=Ceiling(0.2, 0.2)))
    assert spend(other, ceilings=Ceilings(own=Ceiling(0.2, 0.2))) == 0.2 * LIMIT


def test_a_ceiling_may_rise_as_the_window_elapses(quota, clock):
    rising = Ceiling(0.0, 1.0)
    assert spend(quota, ceilings=Ceilings(own=rising)) == 125
    wait = quota.reserve(JSON, ceilings=Ceilings(own=rising)).retry_after
    clock.at += wait + 0.001
    assert wait == pytest.approx(60 * 126 / 250 - 30)
    assert spend(quota, ceilings=Ceilings(own=rising)) == 1


def test_threads_do_not_spend_a_call_twice(quota):
    with ThreadPoolExecutor(16) as pool:
        allowed = list(pool.map(lambda _: quota.reserve(JSON).allowed, range(600)))

    assert sum(allowed) == LIMIT


def test_the_server_knows_better_how_much_is_spent(quota):
    spend(quota, calls=5)
    hear(quota, used=240)

    assert spend(quota) == 10


def test_an_answer_on_its_way_for_long_does_not_lower_the_count(quota):
    spend(quota, calls=100)
    hear(quota, used=3)

    assert spend(quota) == LIMIT - 100


@pytest.mark.parametrize("limit", [20, 100, 400])
def test_a_token_may_have_a_limit_of_its_own(quota, limit):
    quota.reserve(JSON)
    hear(quota, limit=limit, used=1)

    assert spend(quota) == limit - 1
    assert quota.reserve(JSON).remaining == 0


@pytest.mark.parametrize("minutes", [-3, -1, 1, 1000])
def test_what_is_said_of_another_window_does_not_touch_this_one(quota, minutes):
    hear(quota, used=240, reset=START + 60 + 60 * minutes)

    assert spend(quota) == LIMIT


@pytest.mark.parametrize("text", ["", "-3", "1e9", "many", "٣", "9" * 40])
def test_headers_that_cannot_be_read_say_nothing(quota, text):
    headers = {"RateLimit-Limit": text, "RateLimit-Remaining": text, "RateLimit-Reset": text}
    quota.apply_rate_limit_headers(JSON, headers, refused=False, retry_after=None)

    assert spend(quota) == LIMIT


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
        (1e8, None, MAX_CLOSING),
    ],
)
def test_a_429_closes_its_group_until_its_reset(quota, clock, retry_after, reset, closed):
    headers = {} if reset is None else told(used=LIMIT, reset=reset)
    headers.pop("RateLimit-Limit", None)
    quota.apply_rate_limit_headers(JSON, headers, refused=True, retry_after=retry_after)

    refusal = quota.reserve(OTHER_JSON)
    assert (refusal.allowed, refusal.retry_after) == (False, pytest.approx(closed))
    assert quota.closed() == {"json": pytest.approx(closed)}
    assert quota.reserve(INPI).allowed

    clock.at += closed + 0.01 + AFTER
    assert quota.reserve(JSON).allowed
    assert quota.closed() == {}


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


@pytest.mark.parametrize("second", [0.05, 0.5, 0.95])
def test_a_process_started_as_a_window_begins_goes_on_once_the_server_says_which_window_it_is(clock, restarted, second):
    clock.at = START + second  # until AFTER, a call is paid for in the window before too, which no answer speaks of
    for used in range(1, 41):
        assert restarted.reserve(JSON).allowed
        hear(restarted, used=used)


def test_a_server_that_is_still_in_the_window_before_confirms_that_one_alone(clock, restarted):
    clock.at = START + 0.5
    assert restarted.reserve(JSON).allowed
    hear(restarted, used=1, reset=START)

    assert spend(restarted) <= FIRST_CALLS


def test_it_stops_when_all_was_spent(restarted):
    spend(restarted, calls=1)
    hear(restarted, used=LIMIT)

    assert spend(restarted) == 0


def test_answers_without_a_count_let_others_follow(restarted):
    for _ in range(100):
        assert restarted.reserve(JSON).allowed
        restarted.apply_rate_limit_headers(JSON, {}, refused=False, retry_after=None)


def test_answers_without_a_count_let_others_follow_across_the_edge_of_a_window(clock):
    clock.at = START + 59
    restarted = TokenQuota(OptionalRedis(None, clock=clock), token="t", clock=clock)
    for second in (59.5, 60.2, 60.8):  # until AFTER, a call is paid for in the window that was lost too
        clock.at = START + second
        for _ in range(40):
            assert restarted.reserve(JSON).allowed
            restarted.apply_rate_limit_headers(JSON, {}, refused=False, retry_after=None)


def test_the_next_window_is_ours_from_its_beginning(restarted, clock):
    spend(restarted)
    clock.at = START + 60 + AFTER

    assert spend(restarted) == LIMIT


def test_several_processes_without_redis_keep_each_to_their_share(clock):
    processes = [TokenQuota(OptionalRedis(None, clock=clock), token="t", clock=clock, instances=3) for _ in range(3)]
    first = sum(spend(one) for one in processes)
    clock.at = START + 60 + AFTER

    assert first <= FIRST_CALLS * 3
    assert [spend(one) for one in processes] == [83, 83, 83]


class Processes:
    """Processes on one Redis, and how many calls API Entreprise would have counted in each minute."""

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


def processes_that_lost_redis(redis, clock: FakeClock) -> Processes:
    """Processes that counted together for two minutes, then lost their Redis; a minute without it begins."""
    processes = Processes(redis.url, clock)
    for _ in range(2):
        processes.spend(1)
        processes.next_minute()
    redis.kill()
    processes.spend(1)
    processes.next_minute()
    return processes


@pytest.fixture
def early():
    return FakeClock(START + AFTER)


def test_all_instances_spend_exactly_the_budget_of_a_window(redis_server, early):
    processes = Processes(redis_server.url, early)
    processes.spend(1)
    processes.next_minute()
    with ThreadPoolExecutor(12) as pool:
        allowed = sum(pool.map(lambda turn: processes.members[turn % 3].reserve(JSON).allowed, range(600)))

    assert allowed == LIMIT


def test_a_reservation_takes_from_all_windows_in_one_round_trip(redis_server, early):
    [member] = Processes(redis_server.url, early, 1).members
    assert member.reserve(JSON).allowed  # the script is loaded
    with redis_server.client() as client, client.monitor() as monitor:
        allowed = [member.reserve(JSON).allowed for _ in range(5)]
        with redis_server.client() as other:
            other.echo("the end")
        sent = [one["command"] for one in takewhile(_before_the_end, monitor.listen()) if one["client_type"] != "lua"]

    assert all(allowed)
    assert [command.split()[0] for command in sent if "quota" in command] == ["EVALSHA"] * 5


def _before_the_end(command: dict[str, str]) -> bool:
    return "the end" not in command["command"]


def test_the_answers_of_others_do_not_make_the_count_larger_than_it_is(redis_server, early):
    processes = Processes(redis_server.url, early)
    processes.spend(1)
    processes.next_minute()

    assert processes.spend() == LIMIT


def test_a_group_closed_by_one_instance_is_closed_for_all(redis_server, clock):
    one, other = Processes(redis_server.url, clock, 2).members
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
    processes = Processes(mortal_redis.url, early)
    processes.spend(1)
    processes.next_minute()
    processes.spend(before)
    mortal_redis.kill()
    processes.spend()
    lost = early.at // 60
    processes.next_minute()
    processes.spend()

    assert 3 * before <= processes.counted[lost] <= LIMIT
    assert 0.9 * LIMIT <= processes.counted[lost + 1] <= LIMIT


@pytest.mark.parametrize("away", [3, 20, 70])
def test_when_redis_is_back_all_count_together_again(mortal_redis, early, away):
    processes = Processes(mortal_redis.url, early)
    processes.spend(1)
    processes.next_minute()
    processes.spend(30)
    mortal_redis.kill()
    processes.spend(5)
    early.at += away
    processes.spend(5)
    mortal_redis.start()
    early.at += 5
    processes.spend()
    for _ in range(3):
        processes.next_minute()
        processes.spend(400, members=(0,))  # who alone asks may spend all of it, once all count together

    assert max(processes.counted.values()) <= LIMIT
    assert processes.counted[early.at // 60] == LIMIT


def test_a_redis_that_forgets_is_not_believed(redis_server, early):
    processes = Processes(redis_server.url, early)
    processes.spend(1)
    processes.next_minute()
    processes.spend(70)
    with redis_server.client() as client:
        client.flushall()
    processes.spend()

    assert processes.counted[early.at // 60] <= LIMIT


def test_who_sat_idle_while_redis_restarted_does_not_spend_the_window_again(mortal_redis, early):
    processes = Processes(mortal_redis.url, early)
    processes.spend(1)
    processes.next_minute()
    early.at += 20  # the Redis to come is younger than this window
    processes.spend(100, members=(0, 1))
    mortal_redis.kill()
    mortal_redis.start()
    processes.spend(300, members=(2,))

    assert processes.counted[early.at // 60] <= LIMIT


def test_who_starts_after_redis_did_learns_what_the_others_spent_without_it(mortal_redis, early):
    processes = processes_that_lost_redis(mortal_redis, early)
    early.at += 20
    processes.spend()
    mortal_redis.start()
    early.at += 5
    processes.spend(5)
    newcomer = Processes(mortal_redis.url, early, 1).members[0]

    assert spend(newcomer) <= LIMIT - processes.counted[early.at // 60]


def test_a_redis_that_comes_back_empty_does_not_make_us_fewer(mortal_redis, early):
    processes = processes_that_lost_redis(mortal_redis, early)
    processes.spend(30)
    mortal_redis.start()
    early.at += 5
    processes.spend(members=(0,))
    processes.spend(members=(1,))

    assert processes.counted[early.at // 60] <= LIMIT


def test_who_starts_while_the_others_count_in_redis_counts_with_them(mortal_redis, early):
    processes = Processes(mortal_redis.url, early)
    early.at += 50  # Redis is younger than this window, and not than the next
    processes.spend(1)
    processes.next_minute()
    processes.spend(70)
    processes.members.append(Processes(mortal_redis.url, early, 1).members[0])
    processes.spend(members=(3, 0, 1, 2))

    assert processes.counted[early.at // 60] == LIMIT


def test_a_redis_that_forbids_administration_is_enough(mortal_redis, early):
    with mortal_redis.client() as client:
        client.acl_setuser(
            "tenant", enabled=True, passwords=["+pw"], keys=["*"], categories=["+@all"], commands=["-info"]
        )
    processes = Processes(mortal_redis.url.replace("//", "//tenant:pw@"), early)
    processes.spend(1)
    processes.next_minute()

    assert processes.spend() == LIMIT
    assert {member.state() for member in processes.members} == {WindowState.EXACT}


def test_the_instances_are_counted_and_need_not_be_told(mortal_redis, early):
    processes = Processes(mortal_redis.url, early, 4)
    for _ in range(2):
        processes.spend(1, members=range(4))
        processes.next_minute()
    mortal_redis.kill()
    processes.spend(1, members=range(4))
    processes.next_minute()

    assert [spend(one) for one in processes.members] == [62, 62, 62, 62]


@pytest.mark.parametrize("junk", ["", "soon", "nan", "1e400", b"\xff"])
def test_junk_in_redis_closes_nothing_for_ever(redis_server, clock, junk):
    processes = Processes(redis_server.url, clock, 1)
    with redis_server.client() as client:
        client.set("prefill:quota:closed:t:json", junk)
    refusal = processes.members[0].reserve(JSON)

    assert refusal.allowed or refusal.retry_after <= MAX_CLOSING


def test_a_limit_of_its_own_is_learnt_before_a_crowd_is_let_through(redis_server, early):
    processes = Processes(redis_server.url, early)
    assert spend(processes.members[0]) <= FIRST_CALLS

    hear(processes.members[0], limit=20, used=12)
    assert spend(processes.members[0]) <= 8


class CountingRedis(OptionalRedis):
    """Counts round trips."""

    trips = 0

    def run(self, command):
        self.trips += 1
        return super().run(command)


@pytest.mark.parametrize("at", [START + 30, START + 59.5])
def test_a_reservation_is_one_round_trip(redis_server, at):
    clock = FakeClock(at)
    redis = CountingRedis(redis_server.url, clock=clock)
    quota = TokenQuota(redis, token="t", clock=clock, fresh=True)
    redis.trips = 0
    assert spend(quota, calls=10) == 10

    assert redis.trips == 10


def test_the_state_of_a_window_has_a_name(mortal_redis, early):
    quota = Processes(mortal_redis.url, early, 1).members[0]
    states = [quota.state()]
    early.at += 60
    quota.reserve(JSON)
    states.append(quota.state())
    mortal_redis.kill()
    quota.reserve(JSON)
    states.append(quota.state())

    assert states == [WindowState.DEGRADED, WindowState.EXACT, WindowState.DEGRADED]
