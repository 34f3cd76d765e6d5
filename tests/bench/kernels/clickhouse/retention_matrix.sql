-- One pass over the sorted user days gives C[first day, day], with how many of them open a week, a month, and are the
-- user's last; the triangles of every grain come from that small table.
CREATE TABLE met ENGINE = Memory AS
WITH neighbours AS (
    SELECT
        packed_day,
        lagInFrame(packed_day) OVER in_order AS before,
        leadInFrame(packed_day) OVER in_order AS after
    FROM (
        SELECT bitOr(bitShiftLeft(toUInt64(person), 16), toUInt64(toInt32(day))) AS packed_day FROM $user_days
        WHERE toInt32(day) <= toInt32($last_day)
    )
    WINDOW in_order AS (ORDER BY packed_day ROWS BETWEEN 1 PRECEDING AND 1 FOLLOWING)
)
SELECT
    first_day,
    toInt32(bitAnd(packed_day, 65535)) AS day,
    is_first OR intDiv(earlier + 3, 7) <> intDiv(day + 3, 7) AS opens_week,
    is_first OR earlier < day - toDayOfMonth(toDate(day)) + 1 AS opens_month,
    bitShiftRight(after, 16) <> bitShiftRight(packed_day, 16) AS is_last,
    count() AS users
FROM (
    SELECT *, toUInt32(bitShiftRight(packed_day, 16)) AS person,
        bitShiftRight(before, 16) <> person OR before = 0 AS is_first, toInt32(bitAnd(before, 65535)) AS earlier
    FROM neighbours
) AS seen
JOIN (SELECT person, toInt32(first_day) AS first_day FROM $people WHERE kind = 'user') AS users USING (person)
GROUP BY ALL;

CREATE TABLE cells ENGINE = Memory AS
SELECT
    cell.1 AS grain,
    cell.2 AS cohort,
    if(grain = 'day', least(cell.3 - cohort, 91), cell.3 - cohort) AS age,
    sumIf(users, cell.4) AS retained,
    sumIf(users, is_last) AS lasted
FROM met
ARRAY JOIN [
    ('day', first_day, day, true),
    ('week', intDiv(first_day + 3, 7), intDiv(day + 3, 7), opens_week),
    ('month', toYear(toDate(first_day)) * 12 + toMonth(toDate(first_day)) - 1,
        toYear(toDate(day)) * 12 + toMonth(toDate(day)) - 1, opens_month)
] AS cell
GROUP BY grain, cohort, age;

WITH whole AS (
    SELECT grain, cohort, toInt64(ages) AS age, size, r[age] AS retained, l[age] AS lasted
    FROM (
        SELECT
            grain,
            cohort,
            mapFromArrays(groupArray(toInt64(age)), groupArray(cells.retained)) AS r,
            mapFromArrays(groupArray(toInt64(age)), groupArray(cells.lasted)) AS l,
            sumIf(cells.retained, age = 0) AS size,
            multiIf(grain = 'day', toInt32($last_day), grain = 'week', intDiv(toInt32($last_day) + 3, 7),
                toYear($last_day) * 12 + toMonth($last_day) - 1) - cohort AS oldest
        FROM cells GROUP BY grain, cohort
    )
    ARRAY JOIN range(toUInt32(if(grain = 'day', least(oldest, 91), oldest)) + 1) AS ages
), summed AS (
    SELECT *,
        sum(lasted) OVER (PARTITION BY grain, cohort ORDER BY age DESC ROWS UNBOUNDED PRECEDING) AS or_later,
        multiIf(grain = 'day', toDate(toInt32(cohort + age)), grain = 'week', toDate(toInt32((cohort + age) * 7 + 3)),
            toLastDayOfMonth(makeDate(toInt32(intDiv(cohort + age, 12)), toInt32((cohort + age) % 12 + 1), 1))) AS ends,
        multiIf(grain = 'day', toDate(toInt32(cohort)), grain = 'week', toDate(toInt32(cohort * 7 - 3)),
            makeDate(toInt32(intDiv(cohort, 12)), toInt32(cohort % 12 + 1), 1)) AS starts
    FROM whole
)
SELECT
    grain AS cohort_grain, toDate32(starts) AS cohort_start, age, 'all' AS segment, 'all' AS segment_value,
    size AS users_in_cohort,
    retained AS users_retained,
    if(ends <= $last_day, retained / size, NULL) AS retention_rate,
    or_later AS users_retained_or_later,
    if(ends <= $last_day, or_later / size, NULL) AS retention_rate_unbounded,
    ends <= $last_day AS is_complete
FROM summed
WHERE grain <> 'day' OR age <= 90
