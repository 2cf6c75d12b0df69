"""Measuring in turns: ceilings, the measured thing, the ceilings again, several times over."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from bench import load
from bench.cost import cpu_seconds
from bench.figures import Beside, Figure, Plan, Row, Slices
from bench.system import Generator


@dataclass(frozen=True)
class Target:
    """Something to send requests to: a port and the process that serves it.

    `wanted` is the share of this ceiling that is aimed at.
    """

    what: str
    port: int
    pid: int
    requests: tuple[bytes, ...]
    expected: int = 200
    wanted: float | None = None


def compare(
    name: str,
    generator: Generator,
    plan: Plan,
    measured: Target,
    ceilings: Sequence[Target],
    step: Callable[[str], None],
    remark: str = "",
) -> Row:
    """One row: the measured target beside its ceilings, all driven by the same generator."""
    step(f"{name}: warming up")
    for target in (*ceilings, measured):
        generator.run(_job(target, plan, plan.warm_seconds / 2))
    slices = {target.what: Slices(target.what) for target in (*ceilings, measured)}
    busy: list[float] = []
    for number in range(plan.rounds):
        for target in (*ceilings, measured, *reversed(ceilings)):
            step(f"{name}: {target.what} ({number + 1} of {plan.rounds})")
            seconds = plan.measured_seconds if target is measured else plan.ceiling_seconds
            before = cpu_seconds(target.pid)
            result = generator.run(_job(target, plan, seconds))
            after = cpu_seconds(target.pid)
            kept = slices[target.what]
            if before is not None and after is not None:
                kept.cpu_seconds = (kept.cpu_seconds or 0.0) + after - before
            kept.counts.append(len(result.latencies))
            kept.seconds.append(result.seconds)
            kept.latencies += result.latencies
            if target is ceilings[0]:
                busy.append(result.busy)
    return Row(
        name,
        slices[measured.what].figure(),
        [Beside(slices[target.what].figure(), target.wanted) for target in ceilings],
        remark,
        sum(busy) / len(busy),
    )


def once(generator: Generator, plan: Plan, target: Target) -> Figure:
    """A speed by itself, for one that is compared with itself at another time."""
    generator.run(_job(target, plan, plan.warm_seconds))
    kept = Slices(target.what)
    for _ in range(plan.rounds):
        before = cpu_seconds(target.pid)
        result = generator.run(_job(target, plan, plan.measured_seconds))
        after = cpu_seconds(target.pid)
        if before is not None and after is not None:
            kept.cpu_seconds = (kept.cpu_seconds or 0.0) + after - before
        kept.counts.append(len(result.latencies))
        kept.seconds.append(result.seconds)
        kept.latencies += result.latencies
    return kept.figure()


def _job(target: Target, plan: Plan, seconds: float) -> load.Job:
    job = load.Job(target.port, target.requests, plan.connections, seconds)
    return replace(job, expected=target.expected)
