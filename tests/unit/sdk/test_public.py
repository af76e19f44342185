"""The public face: names, signatures, cost of the import, and what is written about it."""

import functools
import inspect
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import scopix
from scopix import Scopix, SyncScopix
from scopix._async.files import AsyncFiles

ROOT = Path(__file__).resolve().parents[3]
PACKAGE = ROOT / "packages/scopix"
KEY = "scopix_0123456789_0123456789"


def resources_of(client):
    """Every resource of a client by its name."""
    return {
        name: type(getattr(client, name))
        for name, one in inspect.getmembers(type(client))
        if isinstance(one, functools.cached_property)
    }


ASYNC, SYNC = resources_of(Scopix(KEY)), resources_of(SyncScopix(KEY))
RESOURCES = [*ASYNC.values(), *SYNC.values()]


def public_methods(kind):
    return [member for name, member in inspect.getmembers(kind, inspect.isfunction) if not name.startswith("_")]


def gives_a_pager(method):
    return str(inspect.signature(method).return_annotation).startswith("scopix._paging.AsyncPager")


def test_all_is_sorted_and_true():
    assert sorted(scopix.__all__) == scopix.__all__
    assert sorted(scopix._HOME_OF) == [name for name in scopix.__all__ if name != "__version__"]
    for name in scopix.__all__:
        assert getattr(scopix, name) is not None
    assert dir(scopix) == scopix.__all__


def test_type_checkers_see_the_same_names():
    text = (PACKAGE / "src/scopix/__init__.py").read_text()
    block = text[text.index("if TYPE_CHECKING:") : text.index("_HOMES = ")]
    seen = set(re.findall(r"\b\w+\b", re.sub(r"from [\w.]+ import", "", block)))
    assert seen - {"if", "TYPE_CHECKING"} == set(scopix._HOME_OF)


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="nonsense"):
        _ = scopix.nonsense


def test_the_version():
    assert scopix.__version__ == "2.0.0"
    assert f'version = "{scopix.__version__}"' in (PACKAGE / "pyproject.toml").read_text()


def test_importing_loads_nothing_heavy():
    code = "import scopix, sys; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = {name.partition(".")[0] for name in done.stdout.split()}
    assert not loaded & {"httpx2", "pydantic", "asyncio", "typer", "rich", "scopix_server"}


def test_importing_is_quick():
    # The processor's time, the least of several: what else the machine does can only add.
    def quickest(code):
        return min(run_time(code) for _ in range(5))

    def run_time(code):
        before = os.times()
        subprocess.run([sys.executable, "-c", code], check=True)
        after = os.times()
        return after.children_user + after.children_system - before.children_user - before.children_system

    assert quickest("import scopix") - quickest("pass") < 0.150


def test_vocabulary_and_results_need_the_standard_library_only():
    code = "import scopix.types.vocabulary, scopix.types.results, sys; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "pydantic" not in done.stdout


@pytest.mark.parametrize("method", [method for kind in RESOURCES for method in public_methods(kind)])
def test_the_grammar_of_calls(method):
    parameters = list(inspect.signature(method).parameters.values())[1:]
    positional = [one for one in parameters if one.kind is inspect.Parameter.POSITIONAL_OR_KEYWORD]
    assert len(positional) <= 2
    assert all(one.kind is not inspect.Parameter.VAR_POSITIONAL for one in parameters)
    assert inspect.getdoc(method)


def test_the_resources():
    assert {"files", "api_keys", "settings", "tenant"} <= set(ASYNC)


WITHOUT_RAW = {"upload_batch", "batch_upload", "wait_for_session", "stream_session", "stream_download", "list_all"}


@pytest.mark.parametrize("name", ASYNC)
def test_every_call_of_one_request_has_a_raw_form(name):
    resource = getattr(SyncScopix(KEY), name)
    raw = set(vars(resource.with_raw_response))
    assert raw == {method.__name__ for method in public_methods(SYNC[name])} - WITHOUT_RAW


@pytest.mark.parametrize("name", ASYNC)
def test_both_clients_take_the_same(name):
    ours, theirs = public_methods(ASYNC[name]), public_methods(SYNC[name])
    assert [method.__name__ for method in ours] == [method.__name__ for method in theirs]
    for one, other in zip(ours, theirs, strict=True):
        assert inspect.signature(one).parameters == inspect.signature(other).parameters
        # What walks through pages is a generator, asynchronous or not; a pager can be awaited, too.
        assert inspect.iscoroutinefunction(one) or inspect.isasyncgenfunction(one) or gives_a_pager(one)
        assert not inspect.iscoroutinefunction(other)
        assert not inspect.isasyncgenfunction(other)


def test_both_clients_are_made_the_same_way():
    ours, theirs = (inspect.signature(kind.__init__).parameters for kind in (Scopix, SyncScopix))
    assert list(ours) == list(theirs)
    # The HTTP client that may be given is the one of its kind.
    assert [name for name in ours if ours[name] != theirs[name]] == ["http_client"]
    assert set(ASYNC) == set(SYNC)


def test_a_resource_is_made_when_it_is_first_used():
    code = f"import scopix, sys; scopix.SyncScopix('{KEY}'); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = done.stdout.split()
    assert "scopix._sync.client" in loaded
    assert "scopix._sync.files" not in loaded
    assert "scopix._sync.api_keys" not in loaded


def test_upload_takes_what_the_contract_lists():
    parameters = inspect.signature(AsyncFiles.upload).parameters
    defaults = {name: one.default for name, one in parameters.items() if name not in ("self", "file")}
    assert defaults == {
        "filename": None,
        "content_category": scopix.ContentCategory.GENERAL,
        "folder_id": None,
        "storage_target": scopix.StorageTarget.DEFAULT,
        "title": None,
        "tags": None,
        "auto_describe": True,
        "skip_duplicates": False,
        "describe_once": False,  # beyond the contract
        "project_id": None,
        "custom_schema_id": None,
        "wait_for_descriptions": True,
        "description_timeout": None,
        "raise_on_failure": False,
        "on_progress": None,
        "on_file_complete": None,
        "on_description_progress": None,
        "on_description_failed": None,
    }


def test_upload_batch_takes_what_the_contract_lists():
    parameters = inspect.signature(AsyncFiles.upload_batch).parameters
    defaults = {name: one.default for name, one in parameters.items() if name not in ("self", "files")}
    assert defaults == {
        "filenames": None,
        "recursive": True,
        "include_hidden": False,
        "storage_target": "default",
        "on_progress": None,
        "on_file_complete": None,
        "content_category": "general",
        "folder_id": None,
        "project_id": None,
        "custom_schema_id": None,
        "tags": None,
        "auto_describe": True,
        "skip_duplicates": False,
        "describe_once": False,  # beyond the contract
        "wait_for_descriptions": True,
        "description_timeout": None,
        "raise_on_failure": False,
        # Beyond the contract.
        "journal": None,
        "on_invalid": "raise",
        "formats": "common",
    }
    assert list(inspect.signature(AsyncFiles.wait_for_session).parameters)[1:3] == ["session_id", "on_progress"]


def test_every_public_call_is_listed_with_its_signature():
    text = (PACKAGE / "api.md").read_text()
    missing = [name for name in scopix.__all__ if not re.search(rf"^(### |- `){name}\b", text, re.MULTILINE)]
    assert missing == ["__version__"]
    for resource, kind in ASYNC.items():
        for method in public_methods(kind):
            name = f"client.{resource}.{method.__name__}"
            (block,) = re.findall(rf"^### {re.escape(name)}\n\n```python\n(.*?)\n```$", text, re.MULTILINE | re.DOTALL)
            assert f"{name}(" in block
            for parameter in list(inspect.signature(method).parameters)[1:]:
                assert re.search(rf"\b{parameter}: ", block), (name, parameter)


def test_the_list_of_calls_is_what_its_generator_makes():
    done = subprocess.run([sys.executable, ROOT / "scripts/docs", "--check"], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "")


def test_one_file_reads_the_environment_and_one_names_the_http_library():
    sources = [path for path in (PACKAGE / "src").rglob("*.py") if "_sync" not in path.parts]
    readers = [path.name for path in sources if "os.environ" in path.read_text() or "getenv" in path.read_text()]
    assert readers == ["_config.py"]
    namers = [path.name for path in sources if re.search(r"^\s*(import|from) httpx2", path.read_text(), re.MULTILINE)]
    # The client names the type of an HTTP client that may be given.
    assert namers == ["client.py", "transport.py"]


def test_the_command_line_uses_public_names_only():
    for path in (PACKAGE / "src/scopix/cli").glob("*.py"):
        imports = re.findall(r"^\s*(?:from|import) (scopix[\w.]*)", path.read_text(), re.MULTILINE)
        assert all(name == "scopix" or name.startswith(("scopix.cli", "scopix.agents")) for name in imports), path


def test_the_sync_client_is_generated():
    done = subprocess.run([sys.executable, ROOT / "scripts/unasync", "--check"], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
