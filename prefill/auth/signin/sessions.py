"""The sessions of signed-in agents, kept on the server: in Redis where there is one, else in this process.

A session ends when it is not used for `idle_seconds`, MAX_SECONDS after sign-in, or when it is removed. Where Redis is
configured and does not answer there are no sessions: one that was revoked must not come back.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

from cachetools import TTLCache

from prefill.redis_client import OptionalRedis, RedisUnavailable

MAX_SECONDS = 8 * 3600.0  # since sign-in, however much it is used
MAX_SESSIONS = 10_000  # in the memory of one process
USED_SECONDS = 900.0  # how long a response of the provider is remembered; longer than one may be waited for


class SessionsUnavailable(Exception):
    """Redis holds the sessions and does not answer."""


@dataclass(frozen=True, slots=True)
class Session:
    """Who signed in, and how.

    Attributes:
        tenant: the buyer's id.
        issuer, client_id: the provider that vouched for the agent.
        subject: the agent, for that provider; `name` is how the page calls it.
        siret: the establishment that the provider says is the agent's.
        csrf: the token that requests of this session carry.
        started_at: Unix seconds.
        id_token: what the provider wants back at sign-out.
        sid: the session at the provider, where it names it.
    """

    tenant: str
    issuer: str
    client_id: str
    subject: str = field(repr=False)
    name: str = field(repr=False)
    email: str = field(repr=False)
    siret: str = field(repr=False)
    csrf: str = field(repr=False)
    started_at: float
    id_token: str = field(repr=False)
    sid: str = field(default="", repr=False)

    @property
    def agent(self) -> str:
        """How the audit trail names the agent."""
        return f"oidc:{self.subject}"

    @property
    def revoked_by(self) -> tuple[str, str]:
        """The names under which the provider may end it: its subject, and its session or, where it has no name, its subject."""
        own = f"sid {self.sid}" if self.sid else f"unnamed {self.subject}"
        return self._named(f"sub {self.subject}"), self._named(own)

    def _named(self, name: str) -> str:
        return _revocation(self.issuer, self.client_id, name)


def _read(body: bytes | None) -> Session | None:
    """Read a session; one that another version wrote in another shape is none: the agent signs in again."""
    try:
        return Session(**json.loads(body)) if body else None
    except (ValueError, TypeError):
        return None


def _revocation(issuer: str, client_id: str, name: str) -> str:
    return json.dumps([issuer, client_id, name])


class Sessions:
    """Sessions by a secret id; only a hash of the id is kept."""

    def __init__(
        self, redis_client: OptionalRedis, *, idle_seconds: float, clock: Callable[[], float], prefix: str = "prefill"
    ) -> None:
        self._redis = redis_client
        self.idle_seconds = idle_seconds
        self._clock = clock
        self._prefix = prefix
        self._lock = threading.Lock()
        self._local: TTLCache[str, Session] = TTLCache(MAX_SESSIONS, idle_seconds, timer=clock)
        self._used: TTLCache[str, bool] = TTLCache(MAX_SESSIONS, USED_SECONDS, timer=clock)
        self._revoked: TTLCache[str, float] = TTLCache(MAX_SESSIONS, MAX_SECONDS, timer=clock)

    def open(self, session: Session) -> str:
        """Keep a session; return its new id."""
        session_id = secrets.token_urlsafe(32)
        self._write(self._key("session", session_id), session)
        return session_id

    def find(self, session_id: str) -> Session | None:
        """Return a session that is not over, and put off its end."""
        key = self._key("session", session_id)
        session = self._read(key)
        if session is None:
            return None
        if self._is_over(session):
            self.close(session_id)
            return None
        self._put_off(key, session)
        return session

    def close(self, session_id: str) -> None:
        key = self._key("session", session_id)
        if self._redis.configured:
            self._run(lambda client: client.delete(key))
            return
        with self._lock:
            self._local.pop(key, None)

    def all(self) -> list[Session]:
        """List the sessions that are not over, the oldest first: those in Redis, else those of this process."""
        if self._redis.configured:
            pattern = f"{self._prefix}:signin:session:*"
            keys = self._run(lambda client: list(client.scan_iter(pattern, count=1000)))
            bodies = self._run(lambda client: client.mget(keys)) if keys else []
            found = [session for body in bodies if (session := _read(body))]
        else:
            with self._lock:
                found = list(self._local.values())
        return sorted((one for one in found if not self._is_over(one)), key=lambda one: one.started_at)

    def end_agent(self, session: Session) -> None:
        """End this session and all others of its agent, begun until now, whatever this machine's clock says."""
        until = max(self._clock(), session.started_at)
        self._revoke(session.issuer, session.client_id, [f"sub {session.subject}"], until)

    def revoke(self, issuer: str, client_id: str, *, subject: str, sid: str) -> None:
        """End the session that the provider names, or all of a subject where it names none, begun until now.

        A session whose provider gave it no name is ended by its subject. What is kept is the time, as long as a session lasts.
        """
        names = [f"sub {subject}"] if not sid else [f"sid {sid}", *([f"unnamed {subject}"] if subject else [])]
        self._revoke(issuer, client_id, names, self._clock())

    def _revoke(self, issuer: str, client_id: str, names: list[str], until: float) -> None:
        for name in names:
            self._write_revocation(self._key("revoked", _revocation(issuer, client_id, name)), until)

    def _write_revocation(self, key: str, until: float) -> None:
        if self._redis.configured:
            self._run(lambda client: client.set(key, repr(until), ex=round(MAX_SECONDS)))
            return
        with self._lock:
            self._revoked[key] = until

    def _is_over(self, session: Session) -> bool:
        return self._clock() - session.started_at >= MAX_SECONDS or self._is_revoked(session)

    def _is_revoked(self, session: Session) -> bool:
        keys = [self._key("revoked", name) for name in session.revoked_by]
        if self._redis.configured:
            found = [float(at) for at in self._run(lambda client: client.mget(keys)) if at]
        else:
            with self._lock:
                found = [self._revoked[key] for key in keys if key in self._revoked]
        return any(session.started_at <= at for at in found)

    def is_used(self, name: str) -> bool:
        """Whether this name was used."""
        key = self._key("used", name)
        if self._redis.configured:
            return bool(self._run(lambda client: client.exists(key)))
        with self._lock:
            return key in self._used

    def use_once(self, name: str) -> bool:
        """Whether this name is used for the first time."""
        key = self._key("used", name)
        if self._redis.configured:
            return bool(self._run(lambda client: client.set(key, 1, nx=True, ex=round(USED_SECONDS))))
        with self._lock:
            if key in self._used:
                return False
            self._used[key] = True
            return True

    def _write(self, key: str, session: Session) -> None:
        if self._redis.configured:
            body = json.dumps(asdict(session))
            self._run(lambda client: client.set(key, body, ex=round(self.idle_seconds)))
            return
        with self._lock:
            self._local[key] = session

    def _read(self, key: str) -> Session | None:
        if not self._redis.configured:
            with self._lock:
                return self._local.get(key)
        return _read(self._run(lambda client: client.get(key)))

    def _put_off(self, key: str, session: Session) -> None:
        """Lengthen a session that is still there: one closed meanwhile stays closed."""
        if self._redis.configured:
            self._run(lambda client: client.expire(key, round(self.idle_seconds)))
            return
        with self._lock:
            if key in self._local:
                self._local[key] = session

    def _run(self, command: Callable[[Any], Any]) -> Any:
        try:
            return self._redis.run(command)
        except RedisUnavailable as fault:
            raise SessionsUnavailable from fault

    def _key(self, kind: str, name: str) -> str:
        return f"{self._prefix}:signin:{kind}:{hashlib.sha256(name.encode()).hexdigest()}"
