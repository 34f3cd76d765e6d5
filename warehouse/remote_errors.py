"""What an object store's failure means for a user: which one, and what to do. Shows no credentials.

A store's own message is never passed on whole: it repeats addresses, headers and keys.
"""

from __future__ import annotations

import re

from warehouse.address import VARIABLES, scheme_of, scrubbed
from warehouse.errors import StorageError

_STATUS = re.compile(r"status code: (\d{3}[A-Za-z ]*)")
_CODE = re.compile(r"<Code>(\w{1,60})</Code>")
_LONGEST = 160
_MISSING_BUCKET = ("NoSuchBucket", "ContainerNotFound")


class AbsentError(StorageError):
    """There is no such object."""


class ExistsError(StorageError):
    """There is such an object already."""


def told(action: str, url: str, key: str, error: BaseException) -> StorageError:
    """The error to raise instead of the store's."""
    from obstore import exceptions as known

    place = f"{url}/{key}"
    begin = f"Cannot {action} {place}: "
    if isinstance(error, known.AlreadyExistsError):
        return ExistsError(begin + "it is there already")
    code = _CODE.search(str(error))
    if isinstance(error, FileNotFoundError | known.NotFoundError):
        if code and code[1] in _MISSING_BUCKET:
            return StorageError(begin + "there is no such bucket. Make it, or correct warehouse.root")
        return AbsentError(begin + "it is not there. `holdfast doctor` says which releases are whole")
    reason = _reason(error)
    refusals = (PermissionError, known.PermissionDeniedError, known.UnauthenticatedError)
    if isinstance(error, refusals) or reason.startswith(("401", "403")):
        return StorageError(
            f"{begin}the store refuses ({reason}). Credentials come from the environment, "
            f"{VARIABLES[scheme_of(url)]}*: `holdfast doctor` names those looked for"
        )
    if isinstance(error, known.NotSupportedError):
        return StorageError(f"{begin}the store cannot do that ({reason}). `holdfast doctor` probes what is needed")
    return StorageError(
        f"{begin}{reason}. `holdfast doctor` looks at the store; what this command did not finish, it finishes when "
        "run again"
    )


def _reason(error: BaseException) -> str:
    text = str(error)
    status, code = _STATUS.search(text), _CODE.search(text)
    if status or code:
        return " ".join(found[1].strip() for found in (status, code) if found)
    if "error sending request" in text:
        return "the store cannot be reached"
    return scrubbed((text.strip().splitlines() or [type(error).__name__])[0])[:_LONGEST].rstrip(" .")
