"""The server's command line: `python -m scopix_server`."""

from scopix_server.cli.app import main

__all__ = ["main"]

if __name__ == "__main__":
    main()
