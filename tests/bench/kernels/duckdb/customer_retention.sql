-- A customer's activity as steps of `state`: 1 while active, -n after being lost as the n-th type. Laid over itself w
-- days later, it is cut where either changes, and cut again where the customer's segment value does, as it was at the
-- window's start if active then; the pieces' starts and ends, added up over days, are the counts.
WITH kinds AS (
    SELECT unnest(['voluntary', 'involuntary', 'paused', 'unknown']) AS churn_type, unnest([1, 2, 3, 4]) AS lost_as
), spans AS (
    SELECT basis, person, start_day - DATE '1970-01-01' AS s, end_day - DATE '1970-01-01' AS e, lost_as
    FROM activity_spans JOIN kinds USING (churn_type)
), numbered AS MATERIALIZED (
    SELECT *, coalesce(lag(lost_as) OVER mine, 0) AS lost_before, min(s) OVER (PARTITION BY basis, person) AS first_start
    FROM spans WINDOW mine AS (PARTITION BY basis, person ORDER BY s)
), windows AS (
    SELECT unnest([1, 7, 30, 90, 365]) AS w
), steps AS (
    SELECT basis, person, first_start, unnest([s, e]) AS day, unnest([lost_before + 1, -lost_as - 1]) AS state
    FROM numbered
), both_sides AS (
    SELECT basis, person, w, first_start, unnest([day, day + w]) AS day, unnest([state, 0]) AS now,
        unnest([0, state]) AS before
    FROM steps, windows WHERE day IS NOT NULL
), points AS (
    SELECT basis, person, w, first_start, day, sum(now) AS now, sum(before) AS before FROM both_sides GROUP BY ALL
), overlaid AS (
    SELECT basis, person, w, first_start, day AS s, coalesce(lead(day) OVER mine, 2000000) AS e, sum(now) OVER mine AS now,
        sum(before) OVER mine AS before
    FROM points WINDOW mine AS (PARTITION BY basis, person, w ORDER BY day)
), segments AS MATERIALIZED (
    SELECT person, basis, segment, segment_value,
        coalesce(start_day - DATE '1970-01-01', -1000000) AS since, coalesce(end_day - DATE '1970-01-01', 2000000) AS until
    FROM segment_spans
), pieces AS (
    SELECT *, greatest(s, $first_day - DATE '1970-01-01') < first_start + w AS is_first,
        CASE WHEN before = 1 THEN w ELSE 0 END AS shift
    FROM overlaid
    WHERE (now = 1 OR before = 1) AND s <= $last_day - DATE '1970-01-01' AND e > $first_day - DATE '1970-01-01'
), split AS (
    SELECT pieces.basis, w, segment, segment_value, greatest(s, since + shift, $first_day - DATE '1970-01-01') AS s,
        least(e, until + shift) AS e, now, before, is_first
    FROM pieces JOIN segments USING (person)
    WHERE coalesce(segments.basis = pieces.basis, true) AND greatest(s, since + shift) < least(e, until + shift)
), looks AS (
    SELECT *, count(*) AS customers FROM split
    WHERE s <= $last_day - DATE '1970-01-01' AND e > $first_day - DATE '1970-01-01' AND s < e
    GROUP BY ALL
), counts AS (
    SELECT basis, w, segment, segment_value, s, e,
        customers * (before = 1)::INTEGER AS at_start,
        customers * (before = 1 AND now = 1)::INTEGER AS retained,
        customers * (before = 1 AND now <> 1)::INTEGER AS lost,
        customers * (before = 1 AND now = -1)::INTEGER AS voluntary,
        customers * (before = 1 AND now = -2)::INTEGER AS involuntary,
        customers * (before = 1 AND now = -3)::INTEGER AS paused,
        customers * (before = 1 AND now = -4)::INTEGER AS unknown,
        customers * (before <> 1 AND now = 1 AND is_first)::INTEGER AS new,
        customers * (before <> 1 AND now = 1 AND NOT is_first)::INTEGER AS reactivated,
        customers * (now = 1)::INTEGER AS at_end
    FROM looks
), rows AS (
    SELECT basis, w, segment, segment_value, s AS day, * EXCLUDE (basis, w, segment, segment_value, s, e) FROM counts
    UNION ALL
    SELECT basis, w, segment, segment_value, e, -at_start, -retained, -lost, -voluntary, -involuntary, -paused, -unknown, -new, -reactivated,
        -at_end
    FROM counts WHERE e <= $last_day - DATE '1970-01-01'
    UNION ALL
    SELECT facts.basis, w, segment, segment_value, min(greatest(day, since)), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0
    FROM (
        SELECT person, unnest(['orders', 'subscription', 'usage']) AS basis,
            unnest([first_order_day, first_subscription_day, first_usage_day]) - DATE '1970-01-01' AS day
        FROM people WHERE kind = 'customer'
    ) facts JOIN segments USING (person), windows
    WHERE day IS NOT NULL AND coalesce(segments.basis = facts.basis, true) AND greatest(day, since) < until
        AND greatest(day, since) <= $last_day - DATE '1970-01-01'
    GROUP BY ALL
), grid AS (
    SELECT basis, w, segment, segment_value, unnest(generate_series(min(day), $last_day - DATE '1970-01-01')) AS day FROM rows
    GROUP BY basis, w, segment, segment_value
), summed AS (
    SELECT basis, w, segment, segment_value, day, sum(COLUMNS(* EXCLUDE (basis, w, segment, segment_value, day))) FROM rows GROUP BY basis, w, segment, segment_value, day
), stocks AS (
    SELECT basis, w, segment, segment_value, day, sum(coalesce(COLUMNS(summed.* EXCLUDE (basis, w, segment, segment_value, day)), 0)) OVER mine
    FROM grid LEFT JOIN summed USING (basis, w, segment, segment_value, day) WINDOW mine AS (PARTITION BY basis, w, segment, segment_value ORDER BY day)
)
SELECT
    basis,
    DATE '1970-01-01' + day::INTEGER AS date,
    w AS window_days,
    segment, segment_value,
    at_start AS customers_at_start,
    retained AS customers_retained,
    lost AS customers_lost,
    voluntary AS customers_lost_voluntary,
    involuntary AS customers_lost_involuntary,
    paused AS customers_lost_paused,
    unknown AS customers_lost_unknown,
    new AS customers_new,
    reactivated AS customers_reactivated,
    at_end AS customers_at_end,
    CASE WHEN at_start > 0 THEN retained / at_start END AS customer_retention_rate,
    CASE WHEN at_start > 0 THEN (at_end - new) / at_start END AS customer_retention_rate_formula,
    CASE WHEN at_start > 0 THEN lost / at_start END AS customer_churn_rate,
    CASE WHEN at_start > 0 THEN (retained / at_start) ^ (365 / w) END AS annualised_retention_rate
FROM stocks
