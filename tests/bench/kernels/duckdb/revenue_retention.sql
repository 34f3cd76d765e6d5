-- MRR of a customer and currency as steps of `revenue`, laid over itself w days later and cut where either changes.
WITH steps AS (
    SELECT person, currency, day - DATE '1970-01-01' AS day, after - before AS revenue FROM mrr_changes
), windows AS (
    SELECT unnest([30, 90, 365]) AS w
), both_sides AS (
    SELECT person, currency, w, unnest([day, day + w]) AS day, unnest([revenue, 0]) AS now, unnest([0, revenue]) AS base
    FROM steps, windows
), points AS (
    SELECT person, currency, w, day, sum(now)::BIGINT AS now, sum(base)::BIGINT AS base FROM both_sides GROUP BY ALL
), overlaid AS (
    SELECT currency, w, day AS s, coalesce(lead(day) OVER mine, 2000000) AS e, sum(now) OVER mine AS now,
        sum(base) OVER mine AS base
    FROM points WINDOW mine AS (PARTITION BY person, currency, w ORDER BY day)
), pieces AS (
    SELECT currency, w, s, e, count(*) AS payers, sum(base)::BIGINT AS base, sum(now)::BIGINT AS now,
        sum(least(now, base))::BIGINT AS kept
    FROM overlaid
    WHERE base > 0 AND s <= $last_day - DATE '1970-01-01' AND e > $first_day - DATE '1970-01-01'
    GROUP BY ALL
), rows AS (
    SELECT currency, w, s AS day, payers, base, now, kept FROM pieces
    UNION ALL
    SELECT currency, w, e, -payers, -base, -now, -kept FROM pieces WHERE e <= $last_day - DATE '1970-01-01'
    UNION ALL
    SELECT currency, w, min(day) - DATE '1970-01-01', 0, 0, 0, 0 FROM subscription_mrr, windows GROUP BY currency, w
), grid AS (
    SELECT currency, w, unnest(generate_series(min(day), $last_day - DATE '1970-01-01')) AS day FROM rows
    GROUP BY currency, w
), summed AS (
    SELECT currency, w, day, sum(COLUMNS(* EXCLUDE (currency, w, day))) FROM rows GROUP BY currency, w, day
), stocks AS (
    SELECT currency, w, day, sum(coalesce(COLUMNS(summed.* EXCLUDE (currency, w, day)), 0)) OVER mine
    FROM grid LEFT JOIN summed USING (currency, w, day) WINDOW mine AS (PARTITION BY currency, w ORDER BY day)
)
SELECT
    'subscription' AS basis,
    DATE '1970-01-01' + day::INTEGER AS date,
    w AS window_days,
    currency, false AS is_converted,
    'all' AS segment, 'all' AS segment_value,
    payers AS payers_at_start,
    base::BIGINT * 0.0001 AS revenue_at_start,
    now::BIGINT * 0.0001 AS revenue_at_end,
    kept::BIGINT * 0.0001 AS revenue_retained,
    CASE WHEN base > 0 THEN now / base END AS net_revenue_retention,
    CASE WHEN base > 0 THEN kept / base END AS gross_revenue_retention,
    CASE WHEN base > 0 THEN (base - kept) / base END AS revenue_churn_rate
FROM stocks
