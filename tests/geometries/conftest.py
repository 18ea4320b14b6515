"""The servers of the store's own tests."""

from tests.store.conftest import s3, web

__all__ = ["s3", "web"]
