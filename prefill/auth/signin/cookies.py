"""The cookies of sign-in: an attempt under way, and the id of a session; both signed."""

from __future__ import annotations

from dataclasses import asdict

from itsdangerous import BadSignature, URLSafeSerializer, URLSafeTimedSerializer

from prefill.auth.signin.flow import Attempt

ATTEMPT_SECONDS = 600


class CookieSigner:
    """Signs with a key that all processes share: one does not read what another key signed."""

    def __init__(self, key: bytes) -> None:
        self._attempts = URLSafeTimedSerializer(key, salt="prefill sign-in attempt")
        self._sessions = URLSafeSerializer(key, salt="prefill session")

    def write_attempt(self, attempt: Attempt) -> str:
        return str(self._attempts.dumps(asdict(attempt)))

    def read_attempt(self, value: str) -> Attempt | None:
        """Return the attempt that this cookie holds, not older than ATTEMPT_SECONDS."""
        try:
            return Attempt(**self._attempts.loads(value, max_age=ATTEMPT_SECONDS))
        except (BadSignature, TypeError):
            return None

    def write_session(self, session_id: str) -> str:
        return str(self._sessions.dumps(session_id))

    def read_session(self, value: str) -> str | None:
        try:
            found = self._sessions.loads(value)
        except BadSignature:
            return None
        return found if isinstance(found, str) else None
