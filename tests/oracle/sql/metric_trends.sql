WITH headlines AS (
  SELECT date, basis || '_customer_retention_rate_365_days' AS metric, customer_retention_rate AS value
  FROM customer_retention_daily WHERE segment = 'all' AND window_days = 365
  UNION ALL SELECT date, basis || '_customer_churn_rate_30_days', customer_churn_rate
  FROM customer_retention_daily WHERE segment = 'all' AND window_days = 30
  UNION ALL SELECT date, CASE WHEN is_converted THEN '' ELSE lower(currency) || '_' END || u.name || '_365_days',
    CASE u.name WHEN 'net_revenue_retention' THEN net_revenue_retention ELSE gross_revenue_retention END
  FROM revenue_retention_daily CROSS JOIN (SELECT unnest(['net_revenue_retention', 'gross_revenue_retention']) AS name) u
  WHERE segment = 'all' AND window_days = 365 AND basis = 'subscription'
    AND is_converted = (SELECT reporting_currency IS NOT NULL FROM rules)
  UNION ALL SELECT date, 'repeat_purchase_rate_90_days', repeat_purchase_rate FROM repeat_purchase_daily WHERE segment = 'all' AND window_days = 90
  UNION ALL SELECT date, 'stickiness_28_days', stickiness FROM user_activity_daily WHERE segment = 'all' AND period_days = 28
  UNION ALL SELECT date, 'user_retention_rate_7_days', retention_rate FROM user_retention_daily WHERE segment = 'all' AND age_days = 7
  UNION ALL SELECT date, 'nps', nps FROM sentiment_daily WHERE segment = 'all'
  UNION ALL SELECT date, 'csat', csat FROM sentiment_daily WHERE segment = 'all'),
means AS (
  SELECT *, avg(value) OVER month_long AS mean_28, count(value) OVER month_long AS known_28,
    avg(value) OVER year_long AS mean_364, count(value) OVER year_long AS known_364,
    avg(value) OVER weekdays AS mean_weekday, avg(value) OVER months AS mean_month,
    list(value) FILTER (value IS NOT NULL) OVER weeks_before AS weeks
  FROM headlines
  WINDOW month_long AS (PARTITION BY metric ORDER BY date RANGE BETWEEN INTERVAL 27 DAY PRECEDING AND CURRENT ROW),
    year_long AS (PARTITION BY metric ORDER BY date RANGE BETWEEN INTERVAL 363 DAY PRECEDING AND CURRENT ROW),
    weekdays AS (PARTITION BY metric, isodow(date) ORDER BY date RANGE BETWEEN INTERVAL 363 DAY PRECEDING AND CURRENT ROW),
    months AS (PARTITION BY metric, month(date) ORDER BY date RANGE BETWEEN INTERVAL 363 DAY PRECEDING AND CURRENT ROW),
    weeks_before AS (PARTITION BY metric, isodow(date) ORDER BY date RANGE BETWEEN INTERVAL 182 DAY PRECEDING AND INTERVAL 7 DAY PRECEDING)),
banded AS (
  SELECT *, CASE WHEN len(weeks) >= 8 THEN list_median(weeks) END AS middle,
    list_median(list_transform(weeks, lambda v: abs(v - list_median(weeks)))) AS deviation
  FROM means),
compared AS (
  SELECT CASE WHEN bool_or(name = 'subscriptions') THEN 'subscription' WHEN bool_or(name = 'orders') THEN 'orders' ELSE 'usage' END
    || '_customer_retention_rate_365_days' AS metric FROM sources),
usual AS (
  SELECT u.* FROM (VALUES ('saas', 0.80, 0.90), ('consumer', 0.60, 0.80), ('ecommerce', 0.30, 0.50)) u(industry, low, high)
  JOIN rules USING (industry))
SELECT b.date, b.metric, b.value, CASE WHEN known_28 = 28 THEN mean_28 END AS mean_28_days,
  y.value AS value_364_days_before, b.value - y.value AS change_364_days,
  CASE WHEN known_364 = 364 AND mean_364 <> 0 THEN mean_weekday / mean_364 END AS weekday_index,
  CASE WHEN known_364 = 364 AND mean_364 <> 0 THEN mean_month / mean_364 END AS month_index,
  middle - 5 * deviation AS band_low, middle + 5 * deviation AS band_high,
  b.value < middle - 5 * deviation OR b.value > middle + 5 * deviation AS is_anomaly,
  CAST(u.low AS DOUBLE) AS benchmark_low, CAST(u.high AS DOUBLE) AS benchmark_high,
  CASE WHEN b.value < u.low THEN 'below' WHEN b.value > u.high THEN 'above' WHEN u.low IS NOT NULL AND b.value IS NOT NULL THEN 'within' END AS benchmark
FROM banded b
LEFT JOIN headlines y ON y.metric = b.metric AND y.date = b.date - 364
LEFT JOIN compared l ON l.metric = b.metric LEFT JOIN usual u ON l.metric IS NOT NULL
