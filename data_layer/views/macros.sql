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

-- Whether a list holds a value. DuckDB makes a hash join of list_contains where the list is bound, which takes
-- a fifth longer, over a day as over a year, and leaves notes of the join in its memory.
CREATE OR REPLACE MACRO among(value, choices) AS list_position(choices, value) IS NOT NULL;

-- Which estimate of a half-hour's rooftop PV wins, 1 first. Mirrors market.ROOFTOP_TYPE_RANK (tested).
CREATE OR REPLACE MACRO rooftop_type_rank(type) AS
    CASE type WHEN 'DAILY' THEN 1 WHEN 'MEASUREMENT' THEN 2 WHEN 'SATELLITE' THEN 3 ELSE 4 END;

-- Last instant that settled on half-hour trading prices. Mirrors market.FIVE_MINUTE_SETTLEMENT (tested).
CREATE OR REPLACE MACRO five_minute_settlement() AS TIMESTAMP '2021-10-01 00:00:00';

-- The field's line for a high price, $/MWh. Mirrors market.HIGH_PRICE_AUD_PER_MWH (tested).
CREATE OR REPLACE MACRO high_price_aud_per_mwh() AS 300.0;
-- First day of the stretch of the calendar a day lies in. Summer begins in December, the financial year in
-- July. Mirrors market.Bucket (tested).
CREATE OR REPLACE MACRO bucket_start(bucket, day) AS
    CASE bucket
        WHEN 'month' THEN date_trunc('month', day)
        WHEN 'quarter' THEN date_trunc('quarter', day)
        WHEN 'season' THEN date_trunc('quarter', day + INTERVAL 1 MONTH) - INTERVAL 1 MONTH
        WHEN 'year' THEN date_trunc('year', day)
        WHEN 'fy' THEN date_trunc('year', day + INTERVAL 6 MONTH) - INTERVAL 6 MONTH
    END;

-- A renewable share under one of the definitions of docs/definitions/trends.md: what is counted, what it is
-- divided by, and for how many hours all that it needs was found (rooftop_hours null: not needed).
CREATE OR REPLACE MACRO share_part(definition, renewable_mwh, rooftop_mwh) AS
    renewable_mwh + CASE WHEN definition = 'utility' THEN 0 ELSE rooftop_mwh END;
CREATE OR REPLACE MACRO share_whole(definition, demand_mwh, generation_mwh, demand_nonsched_mwh, rooftop_mwh) AS
    CASE definition
        WHEN 'demand' THEN demand_mwh + rooftop_mwh
        WHEN 'generation' THEN generation_mwh
        WHEN 'gross' THEN demand_nonsched_mwh + rooftop_mwh
        WHEN 'utility' THEN demand_mwh
    END;
CREATE OR REPLACE MACRO share_hours(definition, unit_hours, demand_hours, demand_nonsched_hours, rooftop_hours) AS
    least(
        unit_hours,
        CASE definition WHEN 'generation' THEN 24.0 WHEN 'gross' THEN demand_nonsched_hours ELSE demand_hours END,
        CASE WHEN definition = 'utility' OR rooftop_hours IS NULL THEN 24.0 ELSE rooftop_hours END
    );
