"""Questions that took long, in the log."""

from __future__ import annotations

import logging
from urllib.parse import urlencode

from app.logs import fields
from data_layer.answers import Observation, Observer

logger = logging.getLogger("nemdesk.queries")


def slow_queries(seconds: float) -> Observer:
    """An observer that logs whatever took ``seconds`` or longer, answered or not."""

    def observe(observation: Observation) -> None:
        if observation.seconds < seconds:
            return
        facts = observation.provenance
        logger.warning(
            "slow query %s",
            observation.request.name,
            extra=fields(
                seconds=round(observation.seconds, 3),
                view=observation.request.name,
                question=urlencode(observation.request.to_query(), safe=",:"),
                engine=observation.engine,
                rows=observation.rows,
                rows_read=0 if facts is None else facts.rows_scanned,
                cached=facts is not None and facts.cached,
                failed="" if observation.error is None else type(observation.error).__name__,
            ),
        )

    return observe
