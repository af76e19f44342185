"""The clients that the tools work with."""

from typing import Any

from scopix._async.client import Scopix
from scopix._config import ClientConfig

__all__ = ["client_inside"]


def client_inside(api_key: str, base_url: str, http_client: Any) -> Scopix:
    """A client of a server in this very process, over an HTTP client that leads there, which stays its owner's.

    It is set up by its arguments alone: a proxy or tenant of the environment is meant for others. It tries nothing
    twice, since what fails in the process fails again.
    """
    config = ClientConfig(api_key=api_key, base_url=base_url, allow_insecure_http=True, max_retries=0)
    for name in ("proxy_url", "tenant_id"):
        object.__setattr__(config, name, None)
    return Scopix.from_config(config, http_client=http_client)
