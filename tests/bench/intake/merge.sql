-- A new file into a lake of one row for each id, by month: of the months that stay as they are only ids are read.
CREATE TABLE arrived AS
SELECT event_id, unnest(arg_max({'user_id': user_id, 'customer_id': customer_id, 'occurred_at': occurred_at,
    'event_name': event_name, 'value': value, 'received_at': received_at}, received_at))
FROM read_parquet('$late') GROUP BY event_id;

CREATE TABLE known AS
SELECT event_id, lake.received_at, month
FROM read_parquet('$lake/*/*.parquet', hive_partitioning = true, hive_types = {'month': VARCHAR}) lake
SEMI JOIN arrived USING (event_id);

CREATE TABLE winners AS
SELECT arrived.* FROM arrived LEFT JOIN known USING (event_id)
WHERE known.event_id IS NULL OR arrived.received_at > known.received_at;

-- The months that lose a row or get one.
CREATE TABLE touched AS
SELECT month FROM known SEMI JOIN winners USING (event_id)
UNION SELECT strftime(occurred_at, '%Y-%m') FROM winners;

COPY (
    SELECT lake.* FROM read_parquet('$lake/*/*.parquet', hive_partitioning = true, hive_types = {'month': VARCHAR}) lake
    ANTI JOIN winners USING (event_id)
    WHERE month IN (FROM touched)
    UNION ALL BY NAME
    SELECT *, strftime(occurred_at, '%Y-%m') AS month FROM winners
) TO '$target' (FORMAT parquet, COMPRESSION zstd, PARTITION_BY (month));
