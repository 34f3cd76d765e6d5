from __future__ import annotations

from tests.pipelines.toy import toy

__all__ = ["toy"]
