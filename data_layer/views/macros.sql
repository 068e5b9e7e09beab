-- The arithmetic that every view and rollup shares, each rule written once.
-- Stamps are interval-ENDING: a stamp belongs to the bucket that holds the interval's START.

-- Energy of one 5-minute interval, MWh. SCADAVALUE is the MW at the interval's start, held for the
-- interval (docs/definitions/core.md). A second method would stand beside this one.
CREATE OR REPLACE MACRO interval_energy_mwh(mw) AS mw * 5.0 / 60.0;

-- Consumption counts below zero: a LOAD unit reports it as a positive or a negative number.
CREATE OR REPLACE MACRO signed_mw(scadavalue, dispatch_type) AS
    CASE WHEN dispatch_type = 'LOAD' THEN -abs(scadavalue) ELSE scadavalue END;

-- End of the half-hour, of the hour; market day: all from the interval's start.
CREATE OR REPLACE MACRO half_hour_end(stamp) AS
    date_trunc('hour', stamp - INTERVAL 5 MINUTE)
    + CASE WHEN minute(stamp - INTERVAL 5 MINUTE) < 30 THEN INTERVAL 30 MINUTE ELSE INTERVAL 60 MINUTE END;
CREATE OR REPLACE MACRO hour_end(stamp) AS date_trunc('hour', stamp - INTERVAL 5 MINUTE) + INTERVAL 60 MINUTE;
CREATE OR REPLACE MACRO market_date(stamp) AS CAST(stamp - INTERVAL 5 MINUTE AS DATE);

-- Where the lowest and the highest of some values lie, of those alike the earliest stamp.
CREATE OR REPLACE MACRO lowest_at(stamp, value) AS
    arg_min(stamp, row(value, stamp)) FILTER (WHERE value IS NOT NULL);
CREATE OR REPLACE MACRO highest_at(stamp, value) AS
    arg_min(stamp, row(-value, stamp)) FILTER (WHERE value IS NOT NULL);

-- Which estimate of a half-hour's rooftop PV wins, 1 first. Mirrors market.ROOFTOP_TYPE_RANK (tested).
CREATE OR REPLACE MACRO rooftop_type_rank(type) AS
    CASE type WHEN 'DAILY' THEN 1 WHEN 'MEASUREMENT' THEN 2 WHEN 'SATELLITE' THEN 3 ELSE 4 END;

-- Last instant that settled on half-hour trading prices. Mirrors market.FIVE_MINUTE_SETTLEMENT (tested).
CREATE OR REPLACE MACRO five_minute_settlement() AS TIMESTAMP '2021-10-01 00:00:00';
