"""The errors that people and programs get to see, drawn as a tree.

GennakerError
├── InvalidRequest      the request is wrong, at a place that is named
│   └── InvalidTemplate no pipeline can be made from a template
├── NotFound            what was asked for does not exist
├── Conflict            it exists already, or was changed by someone else
├── Refused             the state of things does not allow it now
├── NotAuthenticated    nobody knows who is calling
├── NotAllowed          the caller is known and may not do this
└── Unavailable         the database or the broker cannot be reached; the same request may work later

Separate because the API, the command line and the plugins tell the same errors in their own way.
"""


class GennakerError(Exception):
    """Anything that is told to whoever asked. `message` is one sentence a person can act on."""

    #: The HTTP status that tells it.
    status = 500

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class InvalidRequest(GennakerError):
    """What was sent cannot be understood or used. `where` names the place, such as `stages[2].refId`."""

    status = 400

    def __init__(self, message: str, where: str = "", problems: tuple[str, ...] = ()) -> None:
        super().__init__(f"{where}: {message}" if where else message)
        self.where = where
        #: Every problem found, when there are several.
        self.problems = problems or (self.message,)


class InvalidTemplate(InvalidRequest):
    """No pipeline can be made from a template; `problems` say why."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__(f"Pipeline template is invalid: {'; '.join(problems)}", problems=problems)


class NotFound(GennakerError):
    """What was asked for does not exist."""

    status = 404


class Conflict(GennakerError):
    """It exists already, or was changed by someone else in the meantime."""

    status = 400


class Refused(GennakerError):
    """The state of things does not allow it now."""

    status = 400


class NotAuthenticated(GennakerError):
    """Nobody knows who is calling."""

    status = 401


class NotAllowed(GennakerError):
    """The caller is known and may not do this."""

    status = 403


class Unavailable(GennakerError):
    """Something that is needed cannot be reached; the same request may work later."""

    status = 503
