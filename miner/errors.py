"""Every error that the miner raises on purpose: one tree, so that a caller can tell ours from a defect.

A class's docstring is its message's default. A message says what happened, to which item, and what to do.
"""


class MinerError(Exception):
    """Something went wrong that the user can act on."""

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or (type(self).__doc__ or "").strip())


class SettingsError(MinerError):
    """A setting is missing, unknown or of the wrong form."""


class RulesError(SettingsError):
    """A rule or taxonomy of your own is of the wrong form."""


class StoreError(MinerError):
    """The database cannot be used."""


class StoreMissingError(StoreError):
    """There is no such database yet."""


class StoreReadOnlyError(StoreError):
    """The database cannot be written: give write permission, or name another with --database-url."""


class StoreFullError(StoreError):
    """There is no room left for the database: free some and run the command again, which goes on where it was."""


class StoreBusyError(StoreError):
    """The database is in use by another process: run the command again when that has ended."""


class SchemaError(StoreError):
    """The database's schema is not the one this version needs: run 'miner db upgrade'."""


class BusyError(MinerError):
    """Another process works on the same source."""


class SourceError(MinerError):
    """A source could not be read. Other sources go on."""


class RepositoryError(SourceError):
    """A git repository could not be read."""


class RepositoryMissingError(RepositoryError):
    """There is no such repository: check the name, or whether it was deleted or made private."""


class RepositoryRefusedError(RepositoryError):
    """The repository's address uses a transport that is not allowed."""


class RepositoryTooLargeError(RepositoryError):
    """The repository is over a limit of the [git] settings."""


class RepositoryCorruptError(RepositoryError):
    """Git found damaged objects in the repository."""


class GitKilledError(RepositoryError):
    """Git was ended from outside. That says nothing of the repository: run the same command again."""


class GitTimeoutError(RepositoryError):
    """Git took longer than the [git] settings allow."""


class HttpError(SourceError):
    """A server did not give what was asked for."""


class NoAnswerError(HttpError):
    """A server gave no answer at all: check the network, and the address in the settings."""


class QuotaExhaustedError(HttpError):
    """The day's quota of requests is used up: run the same command again tomorrow (UTC), which goes on where it was."""


class GitHubGoneError(HttpError):
    """What was asked for is not on GitHub: deleted, made private, or blocked."""

    def __init__(self, message: str | None = None, reason: str = "404") -> None:
        super().__init__(message)
        self.reason = reason


class GitHubTokensError(HttpError):
    """GitHub accepts none of the tokens: make a new one, and put it into MINER_GITHUB__TOKENS."""


class DumpError(SourceError):
    """A data dump cannot be read. What was read before is in the database."""


class LineNotFoundError(SourceError):
    """The path or the line is not in that revision."""


class QueryError(MinerError):
    """A query that the database does not take."""


class ExportError(MinerError):
    """What was asked for cannot be exported."""


class OptOutError(MinerError):
    """The opt-out list cannot be followed."""


class BrowseError(MinerError):
    """The database cannot be shown in a browser."""


class SeedsError(MinerError):
    """A list of seeds cannot be read."""


class ArchiveError(MinerError):
    """The archive of what the sources sent cannot be used: check archive.url."""


class ArchiveFullError(ArchiveError):
    """There is no room left for the archive: free some and run the command again, which goes on where it was."""


class ArchiveDamagedError(ArchiveError):
    """Something in the archive is not what was written to it: 'miner archive verify' lists all that is damaged."""


class RebuildError(MinerError):
    """The tables cannot be made from the archive."""


class LabelsError(MinerError):
    """A label set cannot be read."""


class FixNotFoundError(MinerError):
    """No stored fix has that id."""


class BackupError(MinerError):
    """A backup cannot be written or restored."""


class AuditError(MinerError):
    """There is nothing that could be audited."""


class StudyError(MinerError):
    """The study cannot be made or written."""


class Interrupted(MinerError):  # noqa: N818 - a state that the user asked for, not a fault
    """Stopped on request at a page boundary: run the same command again to continue."""
