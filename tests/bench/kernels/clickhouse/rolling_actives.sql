-- One pass over the sorted user days gives G[day, gap since the day before]; every period's stocks are sums over it.
-- Tenure `new` is counted by what is left of a user's first 90 days; `established` is everybody less those.
CREATE TABLE days ENGINE = Memory AS
WITH neighbours AS (
    SELECT packed_day, lagInFrame(packed_day) OVER (ORDER BY packed_day ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) AS before
    FROM (SELECT bitOr(bitShiftLeft(toInt64(person), 16), toInt64(toInt32(day))) AS packed_day FROM $user_days)
)
SELECT
    person,
    toInt32(bitAnd(packed_day, 65535)) AS day,
    first,
    toInt32(if(before = 0, 56, least(packed_day - before, 56))) AS gap
FROM (SELECT *, toUInt32(bitShiftRight(packed_day, 16)) AS person FROM neighbours) AS seen
JOIN (SELECT person, toInt32(first_day) AS first FROM $people WHERE kind = 'user') AS users USING (person);

CREATE TABLE changes ENGINE = Memory AS
WITH cells AS (
    SELECT 'all' AS who, day, gap, 999999 AS leaves, toInt64(count()) AS users, toInt64(countIf(day = first)) AS fresh
    FROM days GROUP BY day, gap
    UNION ALL
    SELECT 'new', day, gap, day + least(first + 90 - day, 56) AS leaves, toInt64(count()), toInt64(countIf(day = first))
    FROM days WHERE day < first + 90 GROUP BY day, gap, leaves
), pieces AS (
    SELECT
        who, k,
        piece.1 AS s, least(piece.2, leaves) AS e,
        piece.3 AS active, piece.4 AS before, piece.5 AS new, piece.6 AS retained, piece.7 AS user_days
    FROM (
        SELECT who, k, leaves, [
            (begins, day + k, users, zero, zero, zero, zero),
            (begins + k, day + 2 * k, zero, users, zero, zero, zero),
            (day, day + k, zero, zero, fresh, zero, users),
            (begins, day + least(k, 2 * k - gap), zero, zero, zero, users, zero)
        ] AS four
        FROM (
            SELECT *, k, toInt64(0) AS zero, day + greatest(0, k - gap) AS begins
            FROM cells ARRAY JOIN [toInt32(1), toInt32(7), toInt32(28)] AS k
        )
    )
    ARRAY JOIN four AS piece
), steps AS (
    SELECT person, k, turns, step.1 AS on_day, sum(step.2) AS days_in, sum(step.3) AS days_before
    FROM (
        SELECT person, k, day, first + 90 AS turns FROM days ARRAY JOIN [toInt32(1), toInt32(7), toInt32(28)] AS k
        WHERE day > first + 90 - 2 * k AND day < first + 90 + k
    )
    ARRAY JOIN [(day, 1, 0), (day + k, -1, 1), (day + 2 * k, 0, -1)] AS step
    GROUP BY person, k, turns, on_day
), overlaid AS (
    SELECT k, turns, on_day AS s,
        leadInFrame(on_day) OVER (PARTITION BY person, k ORDER BY on_day ROWS BETWEEN CURRENT ROW AND 1 FOLLOWING) AS e,
        sum(days_in) OVER (PARTITION BY person, k ORDER BY on_day ROWS UNBOUNDED PRECEDING) AS days_now,
        sum(days_before) OVER (PARTITION BY person, k ORDER BY on_day ROWS UNBOUNDED PRECEDING) AS days_then
    FROM steps
), covering AS (
    SELECT * FROM (
        SELECT who, k, s, e, active, before, new, retained, user_days FROM pieces
        UNION ALL
        SELECT 'new', k, greatest(s, turns), least(e, turns + k), toInt64(days_now > 0), 1, 0, toInt64(days_now > 0), days_now
        FROM overlaid WHERE days_then > 0
    )
    WHERE s < e AND s <= toInt32($last_day) AND e > toInt32($first_day)
)
SELECT who, k, change.1 AS day, sum(change.2 * active) AS active, sum(change.2 * before) AS before,
    sum(change.2 * new) AS new, sum(change.2 * retained) AS retained, sum(change.2 * user_days) AS user_days
FROM covering
ARRAY JOIN [(greatest(s, toInt32($first_day)), 1), (e, -1)] AS change
WHERE change.1 <= toInt32($last_day)
GROUP BY who, k, day;

CREATE TABLE sums ENGINE = Memory AS
SELECT who, k, toInt32(day) AS day, active, before, new, retained, user_days FROM changes WHERE who = 'all'
UNION ALL
SELECT who, k, toInt32(day), active, before, new, retained, user_days FROM changes WHERE who = 'new'
UNION ALL
SELECT 'established', k, toInt32(day), sum(sign * active) AS a, sum(sign * before) AS b, sum(sign * new) AS n,
    sum(sign * retained) AS r, sum(sign * user_days) AS u
FROM (SELECT *, if(who = 'all', 1, -1) AS sign FROM changes) GROUP BY k, day
HAVING a <> 0 OR b <> 0 OR n <> 0 OR r <> 0 OR u <> 0
UNION ALL
SELECT segment_value, k, toInt32(min(first + later)), 0, 0, 0, 0, 0
FROM (SELECT toInt32(first_day) AS first FROM $people WHERE kind = 'user') AS users
ARRAY JOIN ['new', 'established'] AS segment_value, [toInt32(0), toInt32(90)] AS later
ARRAY JOIN [toInt32(1), toInt32(7), toInt32(28)] AS k
WHERE first + later <= toInt32($last_day)
GROUP BY segment_value, k;

WITH daily AS (
    SELECT who, k, day, sum(active) AS active, sum(before) AS before, sum(new) AS new, sum(retained) AS retained,
        sum(user_days) AS user_days
    FROM (
        SELECT who, k, day, active, before, new, retained, user_days FROM sums
        UNION ALL
        SELECT who, k, toInt32(each), 0, 0, 0, 0, 0
        FROM (SELECT who, k, range(toUInt32(min(day)), toUInt32(toInt32($last_day) + 1)) AS every FROM sums GROUP BY who, k)
        ARRAY JOIN every AS each
    )
    GROUP BY who, k, day
), stocks AS (
    SELECT who, k, day,
        sum(daily.active) OVER mine AS active, sum(daily.before) OVER mine AS before, sum(daily.new) OVER mine AS new,
        sum(daily.retained) OVER mine AS retained, sum(daily.user_days) OVER mine AS user_days
    FROM daily WINDOW mine AS (PARTITION BY who, k ORDER BY day ROWS UNBOUNDED PRECEDING)
)
SELECT
    toDate32(day) AS date,
    k AS period_days,
    if(who = 'all', 'all', 'tenure') AS segment,
    who AS segment_value,
    active AS users_active,
    before AS users_active_before,
    new AS users_new,
    retained AS users_retained,
    active - new - retained AS users_resurrected,
    before - retained AS users_dormant,
    user_days,
    if(active > 0, user_days / (k * active), NULL) AS stickiness,
    if(before > retained, (active - retained) / (before - retained), NULL) AS quick_ratio
FROM stocks
