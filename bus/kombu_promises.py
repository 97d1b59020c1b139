"""What each kind of broker promises when it is used through kombu (rule 19).

Separate because whoever chooses a broker should find in one place what it costs.
"""

from gennaker.bus.port import Capabilities

RABBITMQ = Capabilities(durable=True, confirms=True, mandatory=True, delivery_limit=True, shared=True)
#: Redis, SQS, SQL and the rest: kept outside this process, nothing more.
OTHER = Capabilities(durable=True, confirms=False, mandatory=False, delivery_limit=False, shared=True)
#: kombu's own in-memory transport.
MEMORY = Capabilities(durable=False, confirms=False, mandatory=False, delivery_limit=False, shared=False)

_WORDS = {
    "durable": "to keep messages when this process ends",
    "confirms": "to confirm that a message is safe",
    "mandatory": "to report work that no queue takes",
    "delivery_limit": "to set aside a message that kills its consumers",
    "shared": "to reach other processes",
}


def promises(driver: str) -> Capabilities:
    """The capabilities of a kombu transport, by its driver type (`amqp`, `redis`, `memory`, …)."""
    return {"amqp": RABBITMQ, "memory": MEMORY}.get(driver, OTHER)


def shortcomings(capabilities: Capabilities) -> str:
    """What it cannot promise, as the end of a sentence; empty when it promises everything."""
    return "; ".join(words for name, words in _WORDS.items() if not getattr(capabilities, name))
