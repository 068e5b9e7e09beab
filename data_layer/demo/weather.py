"""Sun, cloud, wind and temperature of the demonstration, per region and per place."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property, lru_cache

import numpy as np
import numpy.typing as npt

from data_layer.demo.noise import Floats, smooth

EPOCH = datetime(2000, 1, 1)
INTERVALS_PER_DAY = 288

# Mean and seasonal swing of the daily mean temperature and the daily range, degrees C, of each
# region's largest load centre (round figures of the Bureau of Meteorology's climate averages).
CLIMATE = {
    "NSW1": (18.0, 5.5, 8.0),
    "QLD1": (20.8, 4.8, 9.0),
    "SA1": (17.3, 6.0, 10.0),
    "TAS1": (12.8, 4.3, 8.5),
    "VIC1": (15.5, 5.3, 9.5),
}
CENTRES = {
    "NSW1": (-33.8, 150.9),
    "QLD1": (-27.4, 152.9),
    "SA1": (-34.9, 138.6),
    "TAS1": (-42.3, 147.2),
    "VIC1": (-37.8, 145.0),
}
FRONT_HOURS_PER_DEGREE = 2.1
"""A front needs about a day from South Australia to the east coast."""
_WEST = 138.0


@dataclass(frozen=True)
class Clock:
    """Consecutive 5-minute intervals; ``first`` counts whole intervals since EPOCH (AEST).

    An interval is described by its midpoint.
    """

    first: int
    count: int

    @classmethod
    def of(cls, start: datetime, end: datetime) -> Clock:
        """The intervals of start < stamp <= end."""
        first = int((start - EPOCH) / timedelta(minutes=5))
        return cls(first, int((end - EPOCH) / timedelta(minutes=5)) - first)

    @cached_property
    def index(self) -> npt.NDArray[np.int64]:
        return np.arange(self.first, self.first + self.count)

    @cached_property
    def hours(self) -> Floats:
        """Hours since EPOCH."""
        return np.asarray((self.index + 0.5) / 12.0)

    @cached_property
    def day(self) -> npt.NDArray[np.int64]:
        """Days since EPOCH."""
        return np.asarray(self.index // INTERVALS_PER_DAY)

    @cached_property
    def hour(self) -> Floats:
        """Hour of the day, AEST."""
        return self.hours % 24.0

    @cached_property
    def season(self) -> Floats:
        """+1 in mid January, -1 in mid July."""
        return np.asarray(np.cos(2.0 * np.pi * (self.hours / 24.0 - 15.0) / 365.25))

    @cached_property
    def stamps(self) -> npt.NDArray[np.datetime64]:
        """Interval-ending stamps."""
        base = np.datetime64(EPOCH, "us")
        return np.asarray(base + (self.index + 1) * np.timedelta64(5, "m").astype("timedelta64[us]"))


def sun_height(clock: Clock, latitude: float, longitude: float) -> Floats:
    """Sine of the sun's elevation, 0 below the horizon."""
    day_of_year = (clock.hours / 24.0) % 365.25
    declination = np.radians(23.45) * np.sin(2.0 * np.pi * (284.0 + day_of_year) / 365.25)
    hour_angle = np.radians(15.0) * (clock.hour + (longitude - 150.0) / 15.0 - 12.0)
    phi = np.radians(latitude)
    sine = np.sin(phi) * np.sin(declination) + np.cos(phi) * np.cos(declination) * np.cos(hour_angle)
    return np.asarray(np.maximum(sine, 0.0))


@lru_cache(maxsize=24)
def cloudiness(clock: Clock, region: str) -> Floats:
    """0 clear to 1 overcast. Summers in the north and winters in the south are cloudier."""
    tilt = {"QLD1": 0.07, "NSW1": 0.0, "SA1": -0.08, "VIC1": -0.08, "TAS1": -0.05}[region]
    level = 0.27 + tilt * clock.season
    level = level + 0.27 * smooth(clock.hours, 31.0, f"cloud/{region}")
    level = level + 0.13 * smooth(clock.hours, 3.0, f"cloud/hours/{region}")
    return np.asarray(np.clip(level, 0.0, 1.0))


@lru_cache(maxsize=24)
def temperature(clock: Clock, region: str) -> Floats:
    """Degrees C: season, time of day, and the warm air ahead of a front."""
    mean, swing, span = CLIMATE[region]
    lag = (CENTRES[region][1] - _WEST) * FRONT_HOURS_PER_DEGREE
    front = smooth(clock.hours - lag, 62.0, "front")
    warm = smooth(clock.hours - lag, 88.0, "warm air")
    weather = (2.2 + 1.0 * clock.season) * (warm + 0.5 * front)
    weather = weather + 1.2 * smooth(clock.hours, 40.0, f"temp/{region}")
    daily = 0.5 * span * np.cos(2.0 * np.pi * (clock.hour - 15.0) / 24.0)
    sunny = 1.0 + 0.35 * (0.4 - cloudiness(clock, region))
    return np.asarray(mean + swing * clock.season + daily * sunny + weather)


def wind_output(clock: Clock, name: str, region: str, latitude: float, longitude: float) -> Floats:
    """Share of capacity that the wind offers at one farm, 0 to 1."""
    south = float(np.clip((-latitude - 24.0) / 12.0, 0.2, 0.95))
    lag = (longitude - _WEST) * FRONT_HOURS_PER_DEGREE
    front = smooth(clock.hours - lag, 62.0, "front") + 0.45 * smooth(clock.hours - lag, 19.0, "front/gusts")
    local = 0.62 * smooth(clock.hours, 9.0, f"wind/{region}") + 0.5 * smooth(clock.hours, 5.0, f"wind/{name}")
    gusts = 0.12 * smooth(clock.hours, 0.4, f"gust/{name}")
    night = 0.28 * np.cos(2.0 * np.pi * (clock.hour - 1.0) / 24.0)
    # Queensland's trade winds blow in the dry half of the year, the south's westerlies in spring.
    speed = 7.5 + 2.6 * (south * front + local + gusts + night) - 0.35 * clock.season
    return np.asarray(np.clip((speed - 3.0) / 9.2, 0.0, 1.0) ** 1.75 * 0.96)


def solar_output(
    clock: Clock, name: str, region: str, latitude: float, longitude: float, tracking: bool
) -> Floats:
    """Share of capacity that the sun offers at one solar farm, 0 to 1."""
    height = sun_height(clock, latitude, longitude)
    clear = 1.12 * (1.0 - np.exp(-3.4 * height)) if tracking else 1.1 * height**1.05
    cloud = cloudiness(clock, region)
    passing = np.abs(smooth(clock.hours, 0.35, f"passing/{name}")) * np.minimum(cloud, 0.75)
    place = 1.0 - 0.12 * smooth(clock.hours, 5.0, f"haze/{name}") * cloud
    light = (1.0 - 0.72 * cloud**1.4) * (1.0 - 0.42 * passing) * place
    return np.asarray(np.clip(clear * light, 0.0, 0.985))


def rooftop_output(clock: Clock, region: str) -> Floats:
    """Share of installed rooftop PV capacity that is generated in a region, 0 to 1."""
    height = sun_height(clock, *CENTRES[region])
    warm = 1.0 - 0.004 * np.maximum(temperature(clock, region) - 20.0, 0.0)
    return np.asarray(0.69 * height**1.12 * (1.0 - 0.68 * cloudiness(clock, region) ** 1.4) * warm)
