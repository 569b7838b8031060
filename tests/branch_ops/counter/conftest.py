"""The counter's stories are told of the bank that is founded once for a whole run."""

from tests.factories.worlds import world

__all__ = ["world"]
