"""Which server and key the command line takes when several are named."""

from tests.integration.cli.conftest import Run
from tests.support.inprocess import InProcessServer


def test_a_folder_that_is_named_wins_over_the_environment(run: Run, scopix_server: InProcessServer) -> None:
    """The variables are those of another server: without the folder, its answer would be shown."""
    done = run("--data-dir", scopix_server.data_dir, "list", "--json", "--limit", "1")
    assert done.exit_code == 0, done.stderr
    key, address = scopix_server.api_key, scopix_server.base_url
    both = ("--api-key", key, "--base-url", address, "--data-dir", scopix_server.data_dir / "nowhere")
    done = run(*both, "list", "--json", "--limit", "1")
    assert done.exit_code == 0, done.stderr


def test_a_key_of_the_environment_goes_to_the_folder_that_the_environment_names(
    run: Run, scopix_server: InProcessServer
) -> None:
    """A key of its own, and where its server is: it is not sent to the standard address."""
    variables = {"SCOPIX_API_KEY": scopix_server.api_key, "SCOPIX_DATA_DIR": str(scopix_server.data_dir)}
    done = run("list", "--json", "--limit", "1", SCOPIX_BASE_URL=None, **variables)
    assert done.exit_code == 0, done.stderr
