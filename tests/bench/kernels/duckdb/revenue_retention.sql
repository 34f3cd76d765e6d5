-- MRR of a customer and currency as steps of `revenue`, laid over itself and over who was active w days before, and cut
-- where any of them changes, and again where the customer's segment value does.
WITH steps AS (
    SELECT person, currency, day - DATE '1970-01-01' AS day, after - before AS revenue FROM mrr_changes
), active AS (
    SELECT person, unnest([start_day, end_day]) - DATE '1970-01-01' AS day, unnest([1, -1]) AS state
    FROM activity_spans WHERE basis = 'subscription'
), owners AS (
    SELECT DISTINCT person, currency FROM steps
), windows AS (
    SELECT unnest([30, 90, 365]) AS w
), both_sides AS (
    SELECT person, currency, w, unnest([day, day + w]) AS day, unnest([revenue, 0]) AS now, unnest([0, revenue]) AS base,
        0 AS state
    FROM steps, windows
    UNION ALL
    SELECT person, currency, w, day + w, 0, 0, state FROM active JOIN owners USING (person), windows
    WHERE day IS NOT NULL
), points AS (
    SELECT person, currency, w, day, sum(now)::BIGINT AS now, sum(base)::BIGINT AS base, sum(state) AS state
    FROM both_sides GROUP BY ALL
), overlaid AS (
    SELECT person, currency, w, day AS s, coalesce(lead(day) OVER mine, 2000000) AS e, sum(now) OVER mine AS now,
        sum(base) OVER mine AS base, CASE WHEN sum(state) OVER mine = 1 THEN w ELSE 0 END AS shift
    FROM points WINDOW mine AS (PARTITION BY person, currency, w ORDER BY day)
), segments AS MATERIALIZED (
    SELECT person, segment, segment_value,
        coalesce(start_day - DATE '1970-01-01', -1000000) AS since, coalesce(end_day - DATE '1970-01-01', 2000000) AS until
    FROM segment_spans WHERE coalesce(basis = 'subscription', true)
), split AS (
    SELECT currency, w, segment, segment_value, greatest(s, since + shift, $first_day - DATE '1970-01-01') AS s,
        least(e, until + shift) AS e, base, now
    FROM overlaid JOIN segments USING (person) WHERE base > 0 AND greatest(s, since + shift) < least(e, until + shift)
), pieces AS (
    SELECT currency, w, segment, segment_value, s, e, count(*) AS payers, sum(base)::BIGINT AS base,
        sum(now)::BIGINT AS now, sum(least(now, base))::BIGINT AS kept
    FROM split
    WHERE s < e AND s <= $last_day - DATE '1970-01-01' AND e > $first_day - DATE '1970-01-01'
    GROUP BY ALL
), rows AS (
    SELECT currency, w, segment, segment_value, s AS day, payers, base, now, kept FROM pieces
    UNION ALL
    SELECT currency, w, segment, segment_value, e, -payers, -base, -now, -kept FROM pieces WHERE e <= $last_day - DATE '1970-01-01'
    UNION ALL
    SELECT currency, w, segment, segment_value, min(greatest(day, since)), 0, 0, 0, 0
    FROM (SELECT person, currency, min(day) - DATE '1970-01-01' AS day FROM subscription_mrr GROUP BY ALL) firsts
    JOIN segments USING (person), windows
    WHERE greatest(day, since) < until AND greatest(day, since) <= $last_day - DATE '1970-01-01'
    GROUP BY ALL
), grid AS (
    SELECT currency, w, segment, segment_value, unnest(generate_series(min(day), $last_day - DATE '1970-01-01')) AS day FROM rows
    GROUP BY currency, w, segment, segment_value
), summed AS (
    SELECT currency, w, segment, segment_value, day, sum(COLUMNS(* EXCLUDE (currency, w, segment, segment_value, day))) FROM rows GROUP BY currency, w, segment, segment_value, day
), stocks AS (
    SELECT currency, w, segment, segment_value, day, sum(coalesce(COLUMNS(summed.* EXCLUDE (currency, w, segment, segment_value, day)), 0)) OVER mine
    FROM grid LEFT JOIN summed USING (currency, w, segment, segment_value, day) WINDOW mine AS (PARTITION BY currency, w, segment, segment_value ORDER BY day)
)
SELECT
    'subscription' AS basis,
    DATE '1970-01-01' + day::INTEGER AS date,
    w AS window_days,
    currency, false AS is_converted,
    segment, segment_value,
    payers AS payers_at_start,
    base::BIGINT * 0.0001 AS revenue_at_start,
    now::BIGINT * 0.0001 AS revenue_at_end,
    kept::BIGINT * 0.0001 AS revenue_retained,
    CASE WHEN base > 0 THEN now / base END AS net_revenue_retention,
    CASE WHEN base > 0 THEN kept / base END AS gross_revenue_retention,
    CASE WHEN base > 0 THEN (base - kept) / base END AS revenue_churn_rate
FROM stocks
