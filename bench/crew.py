"""Processes that stay for a whole run and do one thing at a time, on one word from the runner."""

from __future__ import annotations

import importlib
import multiprocessing
import os
import time
import traceback
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any

PATIENCE_SECONDS = 180


class CrewFailed(Exception):
    """Say what went wrong in one of the processes."""


@dataclass(frozen=True, slots=True)
class Done:
    """What one order led to: each process's answer, and the wall time of all of them together."""

    answers: list[Any]
    seconds: float


@dataclass(frozen=True, slots=True)
class Hand:
    """One process with the line to it."""

    process: BaseProcess
    line: Connection


class Crew:
    """A number of processes that hold one `Worker` each, made in `module` from `arguments`."""

    def __init__(
        self, module: str, environment: Mapping[str, str], arguments: Sequence[Mapping[str, Any]]
    ) -> None:
        context = multiprocessing.get_context("spawn")
        self.hands: list[Hand] = []
        for number, given in enumerate(arguments):
            ours, theirs = context.Pipe()
            process = context.Process(
                target=_serve,
                args=(theirs, module, dict(environment), dict(given)),
                name=f"{module}-{number}",
                daemon=True,
            )
            process.start()
            theirs.close()
            self.hands.append(Hand(process, ours))
        for hand in self.hands:
            _answer(hand)

    def order(self, verb: str, *, among: int | None = None, **arguments: object) -> Done:
        """Have the first `among` processes (or all) do one thing at once, and wait for them all."""
        hands = self.hands[:among]
        started = time.perf_counter()
        for hand in hands:
            hand.line.send((verb, arguments))
        answers = [_answer(hand) for hand in hands]
        return Done(answers, time.perf_counter() - started)

    def close(self) -> None:
        """End the processes."""
        for hand in self.hands:
            hand.line.close()
        for hand in self.hands:
            hand.process.join(10)
            if hand.process.is_alive():
                hand.process.kill()


def _answer(hand: Hand) -> object:
    if not hand.line.poll(PATIENCE_SECONDS):
        raise CrewFailed(f"{hand.process.name} did not answer within {PATIENCE_SECONDS} s")
    try:
        worked, value = hand.line.recv()
    except EOFError:
        raise CrewFailed(f"{hand.process.name} ended by itself") from None
    if not worked:
        raise CrewFailed(f"{hand.process.name}:\n{value}")
    return value


def _serve(
    line: Connection, module: str, environment: dict[str, str], arguments: dict[str, Any]
) -> None:
    """Set Django up in the environment given, then do what comes down the line till it closes."""
    os.environ.update(environment)
    try:
        django = importlib.import_module("django")
        django.setup()
        worker = importlib.import_module(module).Worker(**arguments)
        line.send((True, None))
    except Exception:  # noqa: BLE001 -- whatever it is, the runner must hear of it
        line.send((False, traceback.format_exc()))
        return
    # The runner has gone when the line is cut, in whatever way.
    with suppress(EOFError, OSError, KeyboardInterrupt):
        while True:
            verb, given = line.recv()
            try:
                line.send((True, getattr(worker, verb)(**given)))
            except Exception:  # noqa: BLE001 -- the same
                line.send((False, traceback.format_exc()))
