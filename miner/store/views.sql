-- Views for analysts. The comment block before a view is its entry in docs/schema.md: first the view, then a line
-- "column: meaning" for each of its columns. Every statement reads the same on SQLite and PostgreSQL.
-- A change here reaches a database that exists by 'miner db upgrade', without a migration.

-- The labels in force: those of fixes that no newer rules split otherwise, and, of raters that are rules, only the rules
-- that ran last. People's labels are all in force.
-- fix_id: The fix.
-- scheme: What is judged: pattern, library, ...
-- rater: Who judged: a person, or heuristic and version.
-- rank: 1 is the rater's first choice.
-- value: The judgement; unknown is a judgement too, not a no.
-- confidence: How sure the rater is, 0 to 1; null for unknown.
CREATE VIEW current_label AS
SELECT label.fix_id, label.scheme, label.rater, label.rank, label.value, label.confidence
FROM label
WHERE NOT EXISTS (SELECT 1 FROM superseded_fix WHERE superseded_fix.fix_id = label.fix_id)
    -- Of a person there is no run, so the comparison is null. One table alone: SQLite would make a copy of a join.
    AND NOT EXISTS (
        SELECT 1
        FROM label AS other
        JOIN crawl_run ON crawl_run.rater = other.rater
        WHERE other.fix_id = label.fix_id AND other.scheme = label.scheme AND other.rater <> label.rater
            AND crawl_run.run_id > (SELECT MAX(own.run_id) FROM crawl_run AS own WHERE own.rater = label.rater)
    );

-- One row a fix and rater of its pattern: what was repaired where, and the rater's first choice. Of labels those in
-- force, see current_label.
-- fix_id: The fix.
-- source: The source.
-- library: The library whose use is repaired.
-- fixed_at: When it was made; null if not known.
-- sha: The commit; null for another source.
-- repository: Name of the first repository that holds the commit.
-- repositories: How many repositories hold the commit.
-- commit_url: Where to read the commit; null if its repository is not on GitHub.
-- message: The commit's message; null for another source.
-- bug_fix_score: How sure it is by all evidence that the commit repairs a bug, 0 to 1; null for another source.
-- hunks: How many hunks of a commit the fix is made of; 0 for another source.
-- pairs: How many pairs of code before and after an answer gave; 0 for a commit.
-- title: Title of the question; null for a commit.
-- answer_url: Where to read the answer; null for a commit.
-- selection_rule: Why the answer qualified when it first did; null for a commit.
-- current_rule: Why it qualified at the last look; null: it did not any more, or is a commit.
-- answer_score: Score of the answer at the last look; null for a commit.
-- cluster_id: The same for cherry-picks, backports and copies of one fix: count it once; the fix's own id for others.
-- pattern: The rater's first choice of a fix pattern; null if nobody judged.
-- confidence: How sure the rater is, 0 to 1; null for unknown.
-- rater: Who judged.
CREATE VIEW fix_overview AS
SELECT
    fix.fix_id,
    fix.source,
    fix.library,
    fix.fixed_at,
    fix.sha,
    repository.name AS repository,
    NULLIF((SELECT COUNT(*) FROM repository_commit AS held WHERE held.sha = fix.sha), 0) AS repositories,
    CASE WHEN repository.host = 'github.com'
        THEN 'https://github.com/' || repository.name || '/commit/' || fix.sha
    END AS commit_url,
    git_commit.message,
    git_commit.bug_fix_score,
    (SELECT COUNT(*) FROM fix_hunk WHERE fix_hunk.fix_id = fix.fix_id) AS hunks,
    (SELECT COUNT(*) FROM pair WHERE pair.fix_id = fix.fix_id) AS pairs,
    question.title,
    'https://' || fix.site || '/a/' || fix.answer_id AS answer_url,
    fix.selection_rule,
    (
        SELECT seen.selection_rule
        FROM post_observation AS seen
        WHERE seen.site = fix.site AND seen.post_id = fix.answer_id
        ORDER BY seen.observed_at DESC, seen.min_score
        LIMIT 1
    ) AS current_rule,
    answer.score AS answer_score,
    COALESCE(fix_cluster.cluster_id, fix.fix_id) AS cluster_id,
    label.value AS pattern,
    label.confidence,
    label.rater
FROM fix
LEFT JOIN git_commit ON git_commit.sha = fix.sha
LEFT JOIN repository ON repository.repository_id = (
    SELECT MIN(held.repository_id)
    FROM repository_commit AS held
    WHERE held.sha = fix.sha
)
LEFT JOIN post AS question ON question.site = fix.site AND question.post_id = fix.question_id
LEFT JOIN post AS answer ON answer.site = fix.site AND answer.post_id = fix.answer_id
LEFT JOIN fix_cluster ON fix_cluster.fix_id = fix.fix_id
LEFT JOIN current_label AS label ON label.fix_id = fix.fix_id AND label.scheme = 'pattern' AND label.rank = 1
WHERE NOT EXISTS (SELECT 1 FROM superseded_fix WHERE superseded_fix.fix_id = fix.fix_id);

-- Fixes of commits and fixes of answers that cite one another: the post cites the commit, or the commit the post.
-- commit_fix_id: The fix of the commit.
-- post_fix_id: The fix of the answer.
-- sha: The commit.
-- site: The site of the post that cites or is cited.
-- post_id: That post, the question or an answer.
-- cited_by: commit or post.
CREATE VIEW linked_fixes AS
SELECT
    commit_fix.fix_id AS commit_fix_id,
    post_fix.fix_id AS post_fix_id,
    commit_fix.sha,
    cited.site,
    cited.post_id,
    cited.cited_by
FROM (
    SELECT link.source_id AS sha_start, post.site, post.post_id, post.question_id, 'commit' AS cited_by
    FROM post
    -- In this order, and by the link's target: SQLite would read all posts for each link, or all links for each post.
    CROSS JOIN link
    WHERE link.target_id = post.site || '/' || post.post_id
        AND link.source_kind || '' = 'commit'
        AND link.target_kind = 'post'
    UNION ALL
    SELECT link.target_id AS sha_start, post.site, post.post_id, post.question_id, 'post' AS cited_by
    FROM post
    CROSS JOIN link
    WHERE link.source_id = post.site || '/' || post.post_id
        AND link.source_kind = 'post'
        AND link.target_kind = 'commit'
) AS cited
JOIN fix AS commit_fix ON commit_fix.sha >= cited.sha_start AND commit_fix.sha < cited.sha_start || 'g'
JOIN fix AS post_fix ON post_fix.site = cited.site AND post_fix.question_id = cited.question_id
WHERE NOT EXISTS (
    SELECT 1 FROM superseded_fix WHERE superseded_fix.fix_id IN (commit_fix.fix_id, post_fix.fix_id)
);

-- One row a pair of code before and after that an answer gave, with where to read both posts.
-- fix_id: The fix.
-- pair_no: Ordinal of the pair in the fix, from 0.
-- library: The library whose use is repaired.
-- language: Language; empty if not known.
-- before: The code that is repaired; empty if none was found.
-- after: That code with the answer's statements in their places.
-- diff: Unified diff of the two.
-- method: How the two were found: repeat, edit, insert, ...; unaligned: the code has no counterpart.
-- confidence: How sure it is that the one repairs the other, 0 to 1.
-- selection_rule: Why the answer qualified when it first did.
-- question_url: Where to read the question.
-- answer_url: Where to read the answer.
CREATE VIEW fix_pairs AS
SELECT
    pair.fix_id,
    pair.pair_no,
    fix.library,
    pair.language,
    pair.before,
    pair.after,
    pair.diff,
    pair.method,
    pair.confidence,
    fix.selection_rule,
    'https://' || fix.site || '/q/' || fix.question_id AS question_url,
    'https://' || fix.site || '/a/' || fix.answer_id AS answer_url
FROM pair
JOIN fix ON fix.fix_id = pair.fix_id
WHERE NOT EXISTS (SELECT 1 FROM superseded_fix WHERE superseded_fix.fix_id = fix.fix_id);

-- Whom to name for the text of a fix, and under which licence: one row its question, one its answer. Superseded fixes
-- are here, too: whoever shows one, or a label of it, names its authors.
-- fix_id: The fix.
-- kind: question or answer.
-- url: Where to read the post.
-- author_name: The author's name; empty where it did not come.
-- author_url: The author's page; null for a deleted user.
-- licence: Licence of the text.
-- last_edited_at: When it was last edited; null if never.
CREATE VIEW post_attribution AS
SELECT
    fix.fix_id,
    post.kind,
    'https://' || post.site || CASE WHEN post.kind = 'question' THEN '/q/' ELSE '/a/' END || post.post_id AS url,
    post.author_name,
    'https://' || post.site || '/users/' || post.author_id AS author_url,
    post.licence,
    post.last_edited_at
FROM fix
JOIN post ON post.site = fix.site AND post.post_id IN (fix.question_id, fix.answer_id);

-- How often each fix pattern is a rater's first choice, among the rater's labels in force (current_label). What people
-- said of items is in rating_current.
-- rater: Who judged.
-- pattern: The fix pattern, or unknown.
-- fixes: Number of fixes.
-- share: Their part of all fixes that the rater judged, 0 to 1.
CREATE VIEW pattern_share AS
SELECT
    rater,
    value AS pattern,
    COUNT(*) AS fixes,
    CAST(COUNT(*) AS DOUBLE PRECISION) / SUM(COUNT(*)) OVER (PARTITION BY rater) AS share
FROM current_label
WHERE scheme = 'pattern' AND rank = 1
GROUP BY rater, value;

-- The same by library.
-- rater: Who judged.
-- library: The library whose use is repaired.
-- pattern: The fix pattern, or unknown.
-- fixes: Number of fixes.
-- share: Their part of the library's fixes that the rater judged, 0 to 1.
CREATE VIEW pattern_by_library AS
SELECT
    label.rater,
    fix.library,
    label.value AS pattern,
    COUNT(*) AS fixes,
    CAST(COUNT(*) AS DOUBLE PRECISION) / SUM(COUNT(*)) OVER (PARTITION BY label.rater, fix.library) AS share
FROM current_label AS label
JOIN fix ON fix.fix_id = label.fix_id
WHERE label.scheme = 'pattern' AND label.rank = 1
GROUP BY label.rater, fix.library, label.value;

-- What was left out, by reason.
-- source: The source.
-- reason: Why.
-- omissions: How often it was.
-- unresolved: How many of them no later run brought.
CREATE VIEW omission_reasons AS
SELECT
    source,
    reason,
    COUNT(*) AS omissions,
    COUNT(*) - COUNT(resolved_run_id) AS unresolved
FROM omission
GROUP BY source, reason;

-- Intervals that were asked for and that no run has brought completely since.
-- source: The source.
-- query: What was asked of it.
-- tip: State of the source that was read.
-- since_epoch: Start of the interval, seconds since 1970.
-- until_epoch: End of the interval, itself not in it.
-- reported: How many results the source said there are; null if it did not say.
-- fetched: How many came.
-- reason: Why the interval is not complete.
-- run_id: The run that tried.
CREATE VIEW coverage_gaps AS
SELECT source, query, tip, since_epoch, until_epoch, reported, fetched, reason, run_id
FROM coverage AS gap
WHERE NOT complete AND NOT EXISTS (
    SELECT 1
    FROM coverage AS later
    WHERE later.source = gap.source
        AND later.query = gap.query
        AND later.complete
        AND later.run_id >= gap.run_id
        AND later.since_epoch <= gap.since_epoch
        AND later.until_epoch >= gap.until_epoch
);

-- What each rater says of each item now: a person's latest round. It holds for the hunks that the person saw, so it
-- stays when newer rules have superseded the fix.
-- item_id: What is rated.
-- fix_id: The collected fix that it is, superseded or not; null while none is.
-- source: github or stackoverflow.
-- library: The library whose use is repaired.
-- link: Where to see it.
-- set_name: The label set or the batch that named it first.
-- position: Its ordinal in that set, from 1.
-- scheme: What is judged: pattern, prior_pattern, bug_type, root_cause, impact or sub_pattern.
-- rater: Who judged; reconciled for what a moderator decided, or all raters agreed on.
-- round: How often the rater has judged the item.
-- value: The judgement; unknown is one too.
-- note: What the rater or moderator adds; empty if nothing.
-- batch: The batch that it answers; null for a label set.
-- rated_at: When it was judged; null where the file did not say.
-- row_no: Ordinal of its row in the file that brought it.
-- run_id: The run that entered it; with row_no, the order of judgements.
CREATE VIEW rating_current AS
SELECT
    rating_item.item_id,
    rating_item.fix_id,
    rating_item.source,
    rating_item.library,
    rating_item.link,
    rating_item.set_name,
    rating_item.position,
    rating.scheme,
    rating.rater,
    rating.round,
    rating.value,
    rating.note,
    rating.batch,
    rating.rated_at,
    rating.row_no,
    rating.run_id
FROM rating
JOIN rating_item ON rating_item.item_id = rating.item_id
WHERE NOT EXISTS (
    SELECT 1
    FROM rating AS later
    WHERE later.item_id = rating.item_id
        AND later.scheme = rating.scheme
        AND later.rater = rating.rater
        AND later.round > rating.round
);

-- What people and rules say of each item now: the raters to compare. The rules say it of the fix that the item is, each
-- version of them; of a superseded fix they say nothing.
-- item_id: What is rated.
-- scheme: What is judged.
-- rater: Who judged: a person, reconciled, or heuristic and version.
-- value: The judgement; unknown is one too.
CREATE VIEW item_judgement AS
SELECT item_id, scheme, rater, value
FROM rating_current
UNION ALL
SELECT rating_item.item_id, label.scheme, label.rater, label.value
FROM rating_item
-- In this order: SQLite would read every label for each judgement that it is compared with.
CROSS JOIN label
WHERE label.fix_id = rating_item.fix_id
    AND label.rank = 1
    AND label.scheme <> 'library'
    AND NOT EXISTS (SELECT 1 FROM superseded_fix WHERE superseded_fix.fix_id = rating_item.fix_id)
    AND NOT EXISTS (
        SELECT 1
        FROM rating
        WHERE rating.item_id = rating_item.item_id AND rating.scheme = label.scheme AND rating.rater = label.rater
    );

-- How far each two raters agree on the items that both judged; unknown counts as any other value. What was reconciled
-- is beside the rules alone: it is made of what people said.
-- scheme: What is judged.
-- rater_a: The first rater, by name.
-- rater_b: The second.
-- items: Number of items that both judged.
-- agreed: On how many of them they say the same.
-- observed: Their part, 0 to 1.
-- expected: The part that would agree by chance, had both drawn from their own values.
-- kappa: Cohen's kappa, at most 1; null where chance alone would make all agree.
CREATE VIEW agreement AS
WITH compared AS (
    SELECT a.scheme, a.rater AS rater_a, b.rater AS rater_b, a.value AS value_a, b.value AS value_b
    FROM item_judgement AS a
    JOIN item_judgement AS b ON b.item_id = a.item_id AND b.scheme = a.scheme AND a.rater < b.rater
    WHERE (a.rater <> 'reconciled' OR SUBSTR(b.rater, 1, 10) = 'heuristic/')
        AND (b.rater <> 'reconciled' OR SUBSTR(a.rater, 1, 10) = 'heuristic/')
),
said_a AS (
    SELECT scheme, rater_a, rater_b, value_a AS value, COUNT(*) AS times
    FROM compared
    GROUP BY scheme, rater_a, rater_b, value_a
),
said_b AS (
    SELECT scheme, rater_a, rater_b, value_b AS value, COUNT(*) AS times
    FROM compared
    GROUP BY scheme, rater_a, rater_b, value_b
),
chance AS (
    SELECT said_a.scheme, said_a.rater_a, said_a.rater_b, SUM(said_a.times * said_b.times) AS products
    FROM said_a
    JOIN said_b ON said_b.scheme = said_a.scheme
        AND said_b.rater_a = said_a.rater_a
        AND said_b.rater_b = said_a.rater_b
        AND said_b.value = said_a.value
    GROUP BY said_a.scheme, said_a.rater_a, said_a.rater_b
),
counted AS (
    SELECT
        scheme,
        rater_a,
        rater_b,
        COUNT(*) AS items,
        SUM(CASE WHEN value_a = value_b THEN 1 ELSE 0 END) AS agreed
    FROM compared
    GROUP BY scheme, rater_a, rater_b
),
shares AS (
    SELECT
        counted.scheme,
        counted.rater_a,
        counted.rater_b,
        counted.items,
        counted.agreed,
        CAST(counted.agreed AS DOUBLE PRECISION) / counted.items AS observed,
        CAST(COALESCE(chance.products, 0) AS DOUBLE PRECISION) / counted.items / counted.items AS expected
    FROM counted
    LEFT JOIN chance ON chance.scheme = counted.scheme
        AND chance.rater_a = counted.rater_a
        AND chance.rater_b = counted.rater_b
)
SELECT
    scheme,
    rater_a,
    rater_b,
    items,
    agreed,
    observed,
    expected,
    CASE WHEN expected < 1 THEN (observed - expected) / (1 - expected) END AS kappa
FROM shares;

-- Items of which people say different things now, and nobody has decided since; those of superseded fixes, too.
-- item_id: What is rated.
-- fix_id: The collected fix that it is, superseded or not; null while none is.
-- source: github or stackoverflow.
-- library: The library whose use is repaired.
-- link: Where to see it.
-- scheme: What is judged.
-- raters: How many people judged it.
-- judgements: How many different things they say.
CREATE VIEW label_conflict AS
SELECT
    said.item_id,
    said.fix_id,
    said.source,
    said.library,
    said.link,
    said.scheme,
    COUNT(*) AS raters,
    COUNT(DISTINCT said.value) AS judgements
FROM rating_current AS said
LEFT JOIN (
    SELECT item_id, scheme, MAX(run_id) AS run_id
    FROM rating
    WHERE rater = 'reconciled'
    GROUP BY item_id, scheme
) AS decision ON decision.item_id = said.item_id AND decision.scheme = said.scheme
WHERE said.rater <> 'reconciled'
GROUP BY said.item_id, said.fix_id, said.source, said.library, said.link, said.scheme, decision.run_id
HAVING COUNT(DISTINCT said.value) > 1 AND (decision.run_id IS NULL OR decision.run_id < MAX(said.run_id));

-- Which issues and pull requests a commit refers to or came by, as far as GitHub was asked.
-- sha: The commit.
-- relation: What it does with it: closes, mentions, reverts, cherry_picked or merged_by.
-- target_id: The reference, HOST/OWNER/NAME#NUMBER.
-- github_id: GitHub's own number of the issue's repository.
-- number: The issue's number there.
-- kind: issue or pull_request.
-- title: Its title.
-- state: open, closed or merged.
-- created_at: When it was created.
-- closed_at: When it was closed or merged; null if it is open.
-- url: Where to read it.
CREATE VIEW commit_issues AS
SELECT
    link.source_id AS sha,
    link.kind AS relation,
    link.target_id,
    issue.github_id,
    issue.number,
    issue.kind,
    issue.title,
    issue.state,
    issue.created_at,
    issue.closed_at,
    issue.url
FROM link
JOIN issue_reference ON issue_reference.target_id = link.target_id
JOIN issue ON issue.github_id = issue_reference.github_id AND issue.number = issue_reference.number
WHERE link.source_kind = 'commit' AND link.target_kind = 'issue';
