"""What the words of NGSI entities mean: attributes of Smart Data Models and UN/CEFACT unit codes, in our quantities."""

from collections.abc import Mapping
from typing import Final

from ioc.model.events import Kind

QUANTITIES: Final[Mapping[str, tuple[str, str | None]]] = {
    # Air and weather
    "temperature": ("temp_c", "°C"),
    "air_temperature": ("temp_c", "°C"),
    "water_temperature": ("temp_c", "°C"),
    "dew_point": ("dew_point_c", "°C"),
    "feels_like_temperature": ("feels_like_c", "°C"),
    "relative_humidity": ("humidity", "ratio"),
    "humidity": ("humidity", "%"),
    "atmospheric_pressure": ("pressure_hpa", "hPa"),
    "precipitation": ("rain_mm", "mm"),
    "wind_speed": ("wind_mps", "m/s"),
    "wind_direction": ("wind_deg", "°"),
    "gust_speed": ("wind_gust_mps", "m/s"),
    "illuminance": ("illuminance", "lx"),
    "uv_index_max": ("uv_index", None),
    "uv": ("uv_index", None),
    "solar_radiation": ("solar_radiation", "W/m²"),
    "snow_height": ("snow_depth", "cm"),
    "air_quality_index": ("aqi", None),
    "co": ("co", "mg/m³"),
    "co2": ("co2_ppm", "ppm"),
    "no": ("no", "µg/m³"),
    "no2": ("no2", "µg/m³"),
    "nox": ("nox", "µg/m³"),
    "n_ox": ("nox", "µg/m³"),
    "so2": ("so2", "µg/m³"),
    "o3": ("o3", "µg/m³"),
    "nh3": ("nh3", "µg/m³"),
    "h2s": ("h2s", "µg/m³"),
    "c6h6": ("benzene", "µg/m³"),
    "benzene": ("benzene", "µg/m³"),
    "pm1": ("pm1", "µg/m³"),
    "pm25": ("pm25", "µg/m³"),
    "pm2_5": ("pm25", "µg/m³"),
    "pm10": ("pm10", "µg/m³"),
    "l_aeq": ("noise_db", "dB"),
    "laeq": ("noise_db", "dB"),
    "laeq2": ("noise_db", "dB"),
    "ambient_noise": ("noise_db", "dB"),
    "noise_level": ("noise_db", "dB"),
    # Water
    "water_level": ("water_level", "m"),
    "current_level": ("water_level", "m"),
    "stream_gauge": ("water_level", "cm"),
    "flow": ("flow_m3s", "m³/s"),
    "water_discharge": ("discharge", None),
    "measured_distance": ("measured_distance", "m"),
    "danger_level": ("danger_level", "m"),
    "alert_level": ("alert_level", "m"),
    "p_h": ("ph", None),
    # Traffic and people
    "intensity": ("intensity", None),
    "occupancy": ("road_occupancy", "ratio"),
    "average_vehicle_speed": ("speed_avg", "km/h"),
    "average_speed": ("speed_avg", "km/h"),
    "average_headway_time": ("headway_avg", "s"),
    "average_gap_distance": ("gap_avg", "m"),
    "average_vehicle_length": ("vehicle_length_avg", "m"),
    "average_length": ("vehicle_length_avg", "m"),
    "lane_id": ("lane", None),
    "people_count": ("count_person", None),
    "people_count_towards": ("count_person_towards", None),
    "people_count_away": ("count_person_away", None),
    "people_occupancy": ("count_person", None),
    "number_of_people": ("count_person", None),
    "speed": ("speed", "km/h"),
    "bearing": ("heading", "°"),
    "heading": ("heading", "°"),
    "speed_over_ground": ("speed", "kn"),
    "course_over_ground": ("course", "°"),
    "navigation_status": ("nav_status", None),
    "vehicle_plate_identifier": ("plate", None),
    "license_plate": ("plate", None),
    "ignition_status": ("ignition", None),
    "vehicle_altitude": ("altitude", "m"),
    # Parking and waste
    "percentage_occupancy": ("occupancy_percent", "%"),
    "filling_level": ("fill_level", "ratio"),
    # Networks and devices
    "clients_connected": ("clients", None),
    "ap_state": ("state", None),
    "device_state": ("state", None),
    "flood_level_status": ("status", None),
    "battery_level": ("battery", "ratio"),
    "soil_moisture_vwc": ("soil_moisture", "ratio"),
    # Energy
    "total_active_power": ("power", "W"),
    "total_active_energy_import": ("energy", "kWh"),
    "phase_voltage": ("voltage", "V"),
    "voltage": ("voltage", "V"),
}
"""An attribute's name, written as a quantity's: our quantity, and the unit that the models document for it.

A share that the models document as 0 to 1 is written as a percentage by many; what is above 1 can only be one.
"""

OF_TYPE: Final[Mapping[tuple[str, str], tuple[str, str | None]]] = {
    ("Streetlight", "power_consumption"): ("power", "W"),
    ("Streetlight", "occupancy"): ("occupancy_percent", "ratio"),
    ("AisVessel", "average_speed"): ("speed_avg", "kn"),
    ("AisVessel", "max_speed"): ("max_speed", "kn"),
    ("WeatherObserved", "visibility"): ("visibility", None),
}
"""Where an attribute means something of its own in one type of entity."""

TEXTS: Final = frozenset({
    "status", "state", "power_state", "ap_state", "device_state", "flood_level_status", "air_quality_level",
    "co_level", "weather_type", "visibility", "vehicle_type", "vehicle_sub_type", "item_type", "lane_direction",
    "direction", "service_status", "plate", "license_plate", "vehicle_plate_identifier", "working_mode",
    "noise_origin", "parking_mode", "event_type", "text_value", "vehicle_running_status", "device_status",
    "wave_level", "water_quality_level", "pressure_tendency", "crowd_level",
})  # fmt: skip
"""Attributes whose texts say how things stand; all other texts are names and descriptions, which do not change."""

UNITS: Final[Mapping[str, str]] = {
    "GQ": "µg/m³", "GP": "mg/m³", "59": "ppm", "61": "ppb",
    "CEL": "°C", "FAH": "°F", "KEL": "K", "P1": "%", "C62": "ratio",
    "MTS": "m/s", "KMH": "km/h", "HM": "mph", "KNT": "kn", "2M": "cm/s",
    "A97": "hPa", "PAL": "Pa", "KPA": "kPa", "MBR": "mbar", "BAR": "bar", "HN": "mmHg",
    "MTR": "m", "CMT": "cm", "MMT": "mm", "KMT": "km", "INH": "in", "FOT": "ft",
    "MQS": "m³/s", "G51": "l/s", "MQH": "m³/h",
    "LUX": "lx", "2N": "dB", "DD": "°", "C81": "rad",
    "VLT": "V", "2Z": "mV", "KVT": "kV", "AMP": "A", "4K": "mA",
    "WTT": "W", "KWT": "kW", "C31": "mW", "MAW": "MW", "KWH": "kWh", "WHR": "Wh", "MWH": "MWh", "JOU": "J",
    "SEC": "s", "C26": "ms", "MIN": "min", "HUR": "h", "DAY": "d",
    "ug/m3": "µg/m³", "mg/m3": "mg/m³", "C": "°C", "F": "°F", "db": "dB", "dB(A)": "dB", "dBA": "dB",
}  # fmt: skip
"""Codes of UN/CEFACT Recommendation 20, and what people write instead, as units.py calls them."""

KINDS: Final[Mapping[str, Kind]] = {
    "AccessPoint": Kind.WIFI,
    "WifiAccessPoint": Kind.WIFI,
    "Alert": Kind.CITIZEN,
    "WeatherAlert": Kind.CITIZEN,
    "RoadAccident": Kind.CITIZEN,
    "CityWork": Kind.CITIZEN,
    "RoadWork": Kind.CITIZEN,
    "Open311ServiceRequest": Kind.CITIZEN,
    "AnprFlowObserved": Kind.CAMERA,
    "Camera": Kind.CAMERA,
    "CrowdMonitoring": Kind.CAMERA,
}
"""What kind of source a type of entity comes from; all others are sensors."""

TIMES: Final = (
    "date_observed_to", "observation_date_time", "date_observed", "time_instant", "observation_date", "date_issued",
    "date_detected", "accident_date", "observed_at", "measurement_date", "date_last_value_reported",
    "occupancy_modified", "date_observed_from", "date_calculated", "date_received", "eta_updated_at",
    "date_modified", "modified_at",
)  # fmt: skip
"""Attributes that may hold the time of an entity, the most telling first."""

LATITUDE_FIRST: Final = frozenset({"WaterObserved", "PhreaticObserved", "ACMeasurement", "AirQualityMonitoring"})
"""Types whose published examples write latitude before longitude, against GeoJSON, as do those who follow them."""

SEVERITIES: Final[Mapping[str, str]] = {
    "critical": "critical", "high": "major", "medium": "minor", "low": "warning", "informational": "info",
}  # fmt: skip

TYPES: Final = frozenset({
    "AccessPoint", "ACMeasurement", "AeroAllergenObserved", "AirQualityForecast", "AirQualityMonitoring",
    "AirQualityObserved", "AirTrafficObserved", "AisVessel", "Alert", "AnonymousCommuterId", "AnprFlowObserved",
    "Anomaly", "ArrivalEstimation", "Beach", "BikeHireDockingStation", "BikeLane", "Building", "Camera", "CityWork",
    "CrowdFlowObserved", "CrowdMonitoring", "Device", "DeviceMeasurement", "DeviceOperation",
    "ElectroMagneticObserved", "EnvironmentObserved", "EVChargingStation", "EvacuationRoute", "FireForestStatus",
    "FleetVehicleStatus", "FloodMonitoring", "GtfsStop", "HVAC", "IndoorEnvironmentObserved", "ItemFlowObserved",
    "MosquitoDensity", "NightSkyQuality", "NoiseLevelObserved", "NoisePollution", "OffStreetParking",
    "OnStreetParking", "Open311ServiceRequest", "ParkingAccess", "ParkingGroup", "ParkingSpot", "PhreaticObserved",
    "PhotovoltaicMeasurement", "PublicTransportVehicle", "RainFallRadarObserved", "Road", "RoadAccident",
    "RoadSegment", "Room", "SeaConditions", "SewageObserved", "SmartPointOfInteraction", "SoilMoistureObserved",
    "SolarEnergy", "Streetlight", "StreetlightControlCabinet", "StreetlightGroup", "Tank", "ThreePhaseAcMeasurement",
    "TrafficFlowObserved", "TrafficLight", "TrafficLightObserved", "TrafficViolation", "TransportStation", "Vehicle",
    "VehicleFault", "WasteContainer", "WasteContainerIsle", "WasteObserved", "WaterConsumptionObserved",
    "WaterObserved", "WaterQualityObserved", "WaveMonitoring", "WeatherAlert", "WeatherForecast", "WeatherObserved",
    "WifiAccessPoint", "WifiNetwork",
})  # fmt: skip
"""Types by which an entity is known where nothing around it says that it is one."""
