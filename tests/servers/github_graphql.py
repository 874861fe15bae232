"""The part of GitHub's GraphQL that leads from a commit to its pull requests, the issues they close, and the labels.

From the documentation: the names; a connection needs ``first`` or ``last`` of 1 to 100; a query's cost is the number of
requests that its connections take, divided by 100 and rounded, 1 at least; 500,000 nodes at most; errors come with
status 200. Seen by others: the errors' types and messages.
"""

from __future__ import annotations

from typing import Any

from graphql import (
    DocumentNode,
    ExecutionResult,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    IntValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    ValueNode,
    VariableNode,
    build_schema,
    execute_sync,
    parse,
    validate,
)

from servers.github_data import Hub
from servers.github_resolvers import Budget, Price, Root

Json = dict[str, Any]

LARGEST_PAGE = 100
MOST_NODES = 500_000
SCHEMA = build_schema("""
scalar DateTime
scalar GitObjectID
scalar URI
enum IssueState { OPEN CLOSED }
enum PullRequestState { OPEN CLOSED MERGED }
type Query {
  rateLimit(dryRun: Boolean = false): RateLimit
  viewer: User!
  repository(owner: String!, name: String!, followRenames: Boolean = true): Repository
}
type RateLimit { cost: Int! limit: Int! nodeCount: Int! remaining: Int! resetAt: DateTime! used: Int! }
type User { databaseId: Int login: String! }
type PageInfo { endCursor: String hasNextPage: Boolean! }
type Repository {
  databaseId: Int
  nameWithOwner: String!
  url: URI!
  isArchived: Boolean!
  isFork: Boolean!
  stargazerCount: Int!
  pushedAt: DateTime
  object(oid: GitObjectID, expression: String): GitObject
  issue(number: Int!): Issue
  pullRequest(number: Int!): PullRequest
  issueOrPullRequest(number: Int!): IssueOrPullRequest
}
interface GitObject { oid: GitObjectID! }
type Commit implements GitObject {
  oid: GitObjectID!
  message: String!
  messageHeadline: String!
  committedDate: DateTime!
  authoredDate: DateTime!
  associatedPullRequests(first: Int, last: Int, after: String): PullRequestConnection
}
type PullRequestConnection { nodes: [PullRequest] pageInfo: PageInfo! totalCount: Int! }
type IssueConnection { nodes: [Issue] pageInfo: PageInfo! totalCount: Int! }
type LabelConnection { nodes: [Label] pageInfo: PageInfo! totalCount: Int! }
type Label { name: String! }
union IssueOrPullRequest = Issue | PullRequest
type PullRequest {
  number: Int!
  title: String!
  body: String!
  url: URI!
  state: PullRequestState!
  createdAt: DateTime!
  closedAt: DateTime
  mergedAt: DateTime
  repository: Repository!
  baseRepository: Repository
  labels(first: Int, last: Int, after: String): LabelConnection
  closingIssuesReferences(first: Int, last: Int, after: String): IssueConnection
}
type Issue {
  number: Int!
  title: String!
  body: String!
  url: URI!
  state: IssueState!
  createdAt: DateTime!
  closedAt: DateTime
  repository: Repository!
  labels(first: Int, last: Int, after: String): LabelConnection
}
""")
CONNECTIONS = ("associatedPullRequests", "closingIssuesReferences", "labels")


class Query:
    """A query that was sent: ``errors`` says why it cannot be run, if so."""

    def __init__(self, sent: object) -> None:
        self.errors: list[Json] = []
        self.price = Price(1, 0)
        self.document: DocumentNode | None = None
        self.variables: Json = {}
        if not isinstance(sent, dict) or not isinstance(sent.get("query"), str):
            self.errors.append({"message": "A query attribute must be specified and must be a string."})
            return
        self.variables = sent.get("variables") or {}
        try:
            self.document = parse(sent["query"])
        except GraphQLError as error:
            self.errors.append(_error(error))
            return
        self.errors += [_error(error) for error in validate(SCHEMA, self.document)]
        if not self.errors:
            self._weigh()

    def run(self, hub: Hub, budget: Budget) -> Json:
        """Give the answer's body."""
        if self.errors or self.document is None:
            return {"errors": self.errors}
        root = Root(hub, budget, self.price).value()
        done = execute_sync(SCHEMA, self.document, root, variable_values=self.variables)
        if not isinstance(done, ExecutionResult):
            raise TypeError("a query of this schema is answered at once")
        errors = [_error(error) for error in done.errors or ()]
        return {"data": done.data, **({"errors": errors} if errors else {})}

    def _weigh(self) -> None:
        assert self.document is not None
        weigher = _Weigher(self.document, self.variables)
        self.price = weigher.price()
        self.errors += weigher.errors
        if self.price.nodes > MOST_NODES:
            nodes = f"{self.price.nodes:,} possible nodes"
            text = f"This query requests up to {nodes} which exceeds the maximum limit of {MOST_NODES:,}."
            self.errors.append({"type": "MAX_NODE_LIMIT_EXCEEDED", "message": text})


class _Weigher:
    """Counts requests and nodes as GitHub documents it."""

    def __init__(self, document: DocumentNode, variables: Json) -> None:
        self._fragments = {
            one.name.value: one for one in document.definitions if isinstance(one, FragmentDefinitionNode)
        }
        self._operations = [one for one in document.definitions if isinstance(one, OperationDefinitionNode)]
        self._variables = variables
        self.errors: list[Json] = []
        self._requests = self._nodes = 0

    def price(self) -> Price:
        """Give the price, and note pages without bounds."""
        for operation in self._operations:
            self._walk(operation.selection_set, 1)
        return Price(max(1, (self._requests + 50) // 100), self._nodes)

    def _walk(self, selected: SelectionSetNode | None, times: int) -> None:
        for selection in selected.selections if selected else ():
            if isinstance(selection, FragmentSpreadNode):
                self._walk(self._fragments[selection.name.value].selection_set, times)
            elif isinstance(selection, FieldNode) and selection.name.value in CONNECTIONS:
                self._requests += times
                size = self._page(selection)
                self._nodes += times * size
                self._walk(selection.selection_set, times * size)
            else:
                self._walk(selection.selection_set, times)  # type: ignore[attr-defined]

    def _page(self, field: FieldNode) -> int:
        name = field.name.value
        bounds = [self._number(given.value) for given in field.arguments or () if given.name.value in ("first", "last")]
        if len(bounds) != 1:
            text = f"You must provide a `first` or `last` value to properly paginate the `{name}` connection."
            self.errors.append({"type": "MISSING_PAGINATION_BOUNDARIES", "message": text})
        elif not 1 <= bounds[0] <= LARGEST_PAGE:
            text = (
                f"Requesting {bounds[0]} records on the `{name}` connection exceeds the `first` limit of 100 records."
            )
            self.errors.append({"type": "EXCESSIVE_PAGINATION", "message": text})
        return bounds[0] if bounds else 1

    def _number(self, value: ValueNode) -> int:
        if isinstance(value, VariableNode):
            return int(self._variables.get(value.name.value, 0))
        return int(value.value) if isinstance(value, IntValueNode) else 0


def _error(error: GraphQLError) -> Json:
    """Give an error as GitHub does: its type is beside the message."""
    places = [{"line": place.line, "column": place.column} for place in error.locations or ()]
    kind = {"type": error.extensions["type"]} if error.extensions and "type" in error.extensions else {}
    path = {"path": error.path} if error.path else {}
    return {**kind, **path, "locations": places, "message": error.message}
