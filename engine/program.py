"""Runs a project's unmodified program against a monitor, in this process.

The SDK keeps its settings in context variables, so each run has its own. Modules that the program imports
from its project folder are dropped afterwards, and modules of another folder that would hide them are set
aside meanwhile: programs of several projects can run in one process, one after the other.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import contextvars
import gc
import logging
import runpy
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from pulumi import CustomResource, ResourceTransformationArgs
from pulumi.runtime.config import set_all_config
from pulumi.runtime.settings import ROOT, SETTINGS, Settings, configure
from pulumi.runtime.stack import register_stack_transformation, run_in_stack

from engine.errors import EngineError, ProgramError
from engine.goal import Handler, Made
from engine.intake import Intake
from engine.monitor import EngineService, Monitor
from engine.project import Project, denied_default_providers
from engine.transforms import LocalCallbacks

_ALLOCATIONS: Final = 50_000
"""How many more objects than were freed a program makes before the youngest are looked through."""


def run_program(
    project: Project,
    stack: str,
    handler: Handler,
    *,
    preview: bool,
    config: Mapping[str, str],
    threads: int = 0,
) -> None:
    """Run the program of `project` as stack `stack` and return when all its resources are settled.

    `threads` is how many registrations may block at a time; 0 handles each where it arrives, which is the
    fastest way when none of them blocks. Raises ProgramError for an exception of the program, and EngineErrors
    of the handler as they are.
    """
    intake = Intake(project.name, stack, denied_default_providers(config))
    monitor = Monitor(intake, handler)
    context = contextvars.copy_context()
    with _seldom_collected(), _importable(project.root), contextlib.chdir(project.root):
        context.run(_run, project, stack, monitor, handler, preview, dict(config), threads)


def _run(
    project: Project,
    stack: str,
    monitor: Monitor,
    handler: Handler,
    preview: bool,
    config: dict[str, str],
    threads: int,
) -> None:
    async def main() -> None:
        ROOT.set(None)
        set_all_config(config, [])
        configure(
            Settings(
                project=project.name,
                stack=stack,
                monitor=monitor,
                engine=EngineService(handler),
                dry_run=preview,
                organization="organization",
                root_directory=str(project.root),
            )
        )
        callbacks = LocalCallbacks(monitor)
        SETTINGS.callbacks = callbacks
        monitor.transforms.callbacks = callbacks
        loop = asyncio.get_running_loop()
        loop.set_default_executor(_executor(threads))
        loop.set_exception_handler(lambda _loop, _context: None)  # the first exception is raised below
        await run_in_stack(lambda: _settle(project, handler))

    # A failed resource leaves futures behind that nobody awaits; asyncio would print each of them.
    log = logging.getLogger("asyncio")
    level = log.level
    log.setLevel(logging.CRITICAL)
    try:
        asyncio.run(main())
    except EngineError:
        raise
    except Exception as error:
        if _is_ours(error):
            raise
        raise _blamed(error, project) from error
    finally:
        log.setLevel(level)


async def _settle(project: Project, handler: Handler) -> None:
    """Run the program and wait until every output it holds has a value, or one of them failed.

    The SDK would wait for the same outputs, but it looks at all that are open whenever one is done, which costs
    the square of their number.
    """
    _execute(project, handler)
    with SETTINGS.lock:
        open_outputs = list(SETTINGS.outputs)
    if open_outputs:
        await asyncio.wait(open_outputs, return_when=asyncio.FIRST_EXCEPTION)


def _execute(project: Project, handler: Handler) -> None:
    types: dict[str, Made] = {}

    def seen(made: ResourceTransformationArgs) -> None:
        custom = isinstance(made.resource, CustomResource)
        types.setdefault(made.type_, Made(name=made.name, custom=custom))

    argv = sys.argv
    sys.argv = [str(project.program)]
    register_stack_transformation(seen)
    try:
        runpy.run_path(str(project.program), run_name="__main__")
    finally:
        sys.argv = argv
    handler.precheck(types)


def _is_ours(error: Exception) -> bool:
    """Was it raised by a line of this package, and not on purpose?"""
    frames = traceback.extract_tb(error.__traceback__)
    return bool(frames) and frames[-1].filename.startswith(f"{Path(__file__).parent}/")


def _causes(error: BaseException) -> Iterator[BaseException]:
    """An exception and what led to it. The SDK raises some of them from themselves: each counts once."""
    seen: set[int] = set()
    cause: BaseException | None = error
    while cause is not None and id(cause) not in seen:
        seen.add(id(cause))
        yield cause
        cause = cause.__cause__ or cause.__context__


def _blamed(error: Exception, project: Project) -> EngineError:
    """The engine's own error if one caused this, else the program's with the frames of its own files."""
    for cause in _causes(error):
        if isinstance(cause, EngineError):
            return cause
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if frame.filename.startswith(str(project.root)) and "site-packages" not in frame.filename
    ]
    where = "".join(traceback.format_list(frames))
    what = "".join(traceback.format_exception_only(error)).strip()
    return ProgramError(
        f"the program {project.program.name} of {project.name} failed: {what}\n{where}".rstrip()
    )


class _InlineExecutor(concurrent.futures.ThreadPoolExecutor):
    """Runs what it is given at once, in the caller's thread."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> concurrent.futures.Future[Any]:
        future: concurrent.futures.Future[Any] = concurrent.futures.Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future


def _executor(threads: int) -> concurrent.futures.ThreadPoolExecutor:
    if threads:
        return concurrent.futures.ThreadPoolExecutor(max_workers=threads, thread_name_prefix="engine")
    return _InlineExecutor(max_workers=1)


@contextlib.contextmanager
def _seldom_collected() -> Iterator[None]:
    """Let the garbage collector run seldom: nearly all that a program makes lives until its end.

    At Python's own rate it looks at every object again and again; half of a large preview's time goes there.
    """
    before = gc.get_threshold()
    gc.set_threshold(_ALLOCATIONS, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)


@contextlib.contextmanager
def _importable(root: Path) -> Iterator[None]:
    """Put `root` first on the import path, and leave no trace of what was imported from it."""
    aside = {
        name: module
        for name, module in list(sys.modules.items())
        if _provides(root, name) and not _is_under(module, root)
    }
    for name in aside:
        del sys.modules[name]
    before = set(sys.modules)
    sys.path.insert(0, str(root))
    try:
        yield
    finally:
        sys.path.remove(str(root))
        for name in set(sys.modules) - before:
            if _is_under(sys.modules[name], root):
                del sys.modules[name]
        sys.modules.update(aside)


def _provides(root: Path, module: str) -> bool:
    top = module.partition(".")[0]
    return (root / f"{top}.py").is_file() or (root / top / "__init__.py").is_file()


def _is_under(module: ModuleType | None, root: Path) -> bool:
    """Is it one of the project's own modules (an environment inside the folder is not)?"""
    places = [getattr(module, "__file__", None), *list(getattr(module, "__path__", []))]
    for place in places:
        if isinstance(place, str) and place.startswith(f"{root}/"):
            return "site-packages" not in place
    return False
