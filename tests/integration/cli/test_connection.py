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
