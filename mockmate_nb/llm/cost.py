"""What calls to a model cost, and the cap they keep to. The prices are the user's own; without them all is 0."""

from __future__ import annotations

import threading

from mockmate_nb.errors import CallerError
from mockmate_nb.llm.chunks import Usage
from mockmate_nb.settings import Settings


class Ledger:
    """US dollars spent, and held back for the calls under way, so that two at once cannot pass the cap.

    It may be used from any thread.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._held = 0.0
        self.spent = 0.0

    def price(self, prompt_tokens: int, completion_tokens: int) -> float:
        s = self._settings
        return (prompt_tokens * s.price_in + completion_tokens * s.price_out) / 1e6

    def hold(self, prompt_tokens: int, completion_tokens: int) -> float:
        """Hold back what a call may cost at most and give the sum; `CallerError` where it could pass the cap."""
        most, cap = self.price(prompt_tokens, completion_tokens), self._settings.cost_cap
        with self._lock:
            if cap is not None and self.spent + self._held + most > cap:
                raise CallerError(
                    f"This call could take the cost over the cap of ${cap:g} (${self.spent:.4f} spent).",
                    field="MOCKMATE_COST_CAP",
                    advice="Raise the cap, or use the practice model.",
                )
            self._held += most
        return most

    def settle(self, held: float, usage: Usage | None) -> None:
        """A call has ended: what was held back for it is free again, and what it took, if any, is spent."""
        with self._lock:
            self._held -= held
            if usage is not None:
                self.spent += self.price(usage.prompt_tokens, usage.completion_tokens)
