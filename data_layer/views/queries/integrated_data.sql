-- Grain: that of the integrated view bound as "integrated"; filters by region and fuel.
-- An empty list means all.
SELECT *
FROM integrated
WHERE (len($regions) = 0 OR among(region, $regions))
    AND (len($fuels) = 0 OR among(fuel_type, $fuels))
