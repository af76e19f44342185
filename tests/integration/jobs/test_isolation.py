"""Processes that look at images and die: what that costs, and whom."""

import os
import platform
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import psutil
import pytest

from scopix.types.vocabulary import DescriptionErrorType
from scopix_server.domain.errors import DescribeError
from scopix_server.jobs.heap import JOBS
from scopix_server.jobs.isolation import Isolated
from tests.support.child import build, build_never, build_slowly
from tests.support.waiting import wait_until

Make = Callable[..., Isolated]


@pytest.fixture
def make() -> Iterator[Make]:
    made: list[Isolated] = []

    def make(build: Any = build, processes: int = 1, seconds: float = 20) -> Isolated:
        engines = Isolated(build, processes=processes, jobs_per_process=10 * JOBS, seconds_per_job=seconds)
        made.append(engines)
        return engines

    yield make
    for engines in made:
        engines.close()


def pid_of(engines: Isolated, category: str = "general") -> int:
    return engines.describe(None, category)  # type: ignore[arg-type, return-value]


def use_memory(engines: Isolated) -> int:
    """Let 320 MiB be used and freed; return the bytes resident right after."""
    return engines.describe(None, "memory")  # type: ignore[arg-type, return-value]


def kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE)


@pytest.mark.parametrize("processes", [1, 2])
def test_a_process_that_dies_without_a_job_costs_nothing(make: Make, processes: int) -> None:
    engines = make(processes=processes)
    seen = set()
    for _ in range(4):
        pid = pid_of(engines)
        assert pid not in seen
        seen.add(pid)
        kill(pid)


def test_a_process_that_dies_while_it_loads_costs_nothing(make: Make, tmp_path: Path) -> None:
    engines = make(partial(build_slowly, tmp_path))
    engines.warm_up()
    with ThreadPoolExecutor() as pool:
        jobs = [pool.submit(pid_of, engines) for _ in range(3)]
        wait_until(lambda: list(tmp_path.glob("*.pid")))
        (first,) = tmp_path.glob("*.pid")
        kill(int(first.stem))
        (tmp_path / "go").touch()
        assert int(first.stem) not in {job.result(timeout=60) for job in jobs}
    wait_until(lambda: engines.ready)


def test_a_process_that_dies_over_a_job_costs_that_job_an_attempt(make: Make) -> None:
    engines = make()
    pid = pid_of(engines)
    with ThreadPoolExecutor() as pool:
        job = pool.submit(pid_of, engines, "15.0")
        wait_until(lambda: psutil.Process(pid).status() == psutil.STATUS_SLEEPING)
        wait_until(lambda: any(task.started for task in engines._pool._pool_manager.task_manager.tasks.values()))
        kill(pid)
        with pytest.raises(DescribeError) as caught:
            job.result(timeout=60)
    assert (caught.value.error_type, caught.value.retryable) == (DescriptionErrorType.RESOURCE_LIMIT, True)
    assert pid_of(engines) != pid


def test_an_image_that_takes_too_long_is_given_up_for_good(make: Make) -> None:
    engines = make(seconds=0.5)
    with pytest.raises(DescribeError, match="took longer than") as caught:
        pid_of(engines, "60")
    assert (caught.value.error_type, caught.value.retryable) == (DescriptionErrorType.RESOURCE_LIMIT, False)
    assert pid_of(engines)


def test_an_error_of_the_job_is_no_fault_of_the_pool(make: Make) -> None:
    engines = make()
    pid = pid_of(engines)
    with pytest.raises(RuntimeError, match="of the image"):
        engines.describe(None, "error")  # type: ignore[arg-type]
    assert pid_of(engines) == pid


def test_processes_that_cannot_start_are_not_tried_for_ever(make: Make, tmp_path: Path) -> None:
    engines = make(partial(build_never, tmp_path))
    with pytest.raises(DescribeError) as caught:
        pid_of(engines)
    assert (caught.value.error_type, caught.value.retryable) == (DescriptionErrorType.RESOURCE_LIMIT, True)
    assert not engines.ready
    assert len(list(tmp_path.glob("*.pid"))) < 20


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc lets itself be told to hand memory back")
def test_memory_is_kept_between_images_and_handed_back_at_rest(make: Make) -> None:
    engines = make()
    process = psutil.Process(pid_of(engines))
    used = use_memory(engines)
    assert used > 320 << 20
    wait_until(lambda: process.memory_info().rss < used - (300 << 20))


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc lets itself be told to hand memory back")
def test_memory_is_handed_back_while_there_is_no_rest(make: Make) -> None:
    engines = make()
    used = use_memory(engines)
    process = psutil.Process(pid_of(engines))
    for _ in range(JOBS):
        pid_of(engines)
    assert process.memory_info().rss < used - (300 << 20)
