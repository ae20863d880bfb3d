"""Compile ``fua_candidates.csv`` from the raw OECD, UN-Habitat, World Bank and Eurostat files.

    python data/fua_candidates/compile.py --raw ../shared

Matching is by code where there is one (OECD heat, green, age and GDP), else by an explicit
pair of names below, never by similarity of spelling.
"""

import argparse
from pathlib import Path

import pandas as pd

from equalcities.catalog import check_inputs, save

FOLDER = Path(__file__).resolve().parent

# ISO 3166-1 alpha-3: alpha-2 as the UN file writes it, English short name.
COUNTRIES = {
    "AUS": ("AU", "Australia"),
    "AUT": ("AT", "Austria"),
    "BEL": ("BE", "Belgium"),
    "BGR": ("BG", "Bulgaria"),
    "CAN": ("CA", "Canada"),
    "CHE": ("CH", "Switzerland"),
    "CHL": ("CL", "Chile"),
    "CZE": ("CZ", "Czechia"),
    "DEU": ("DE", "Germany"),
    "DNK": ("DK", "Denmark"),
    "ESP": ("ES", "Spain"),
    "EST": ("EE", "Estonia"),
    "FIN": ("FI", "Finland"),
    "FRA": ("FR", "France"),
    "GBR": ("GB", "United Kingdom"),
    "HUN": ("HU", "Hungary"),
    "ISL": ("IS", "Iceland"),
    "ITA": ("IT", "Italy"),
    "JPN": ("JP", "Japan"),
    "KOR": ("KR", "Korea"),
    "LTU": ("LT", "Lithuania"),
    "LUX": ("LU", "Luxembourg"),
    "LVA": ("LV", "Latvia"),
    "MEX": ("MX", "Mexico"),
    "NLD": ("NL", "Netherlands"),
    "NOR": ("NO", "Norway"),
    "NZL": ("NZ", "New Zealand"),
    "POL": ("PL", "Poland"),
    "PRT": ("PT", "Portugal"),
    "SVK": ("SK", "Slovak Republic"),
    "SVN": ("SI", "Slovenia"),
    "SWE": ("SE", "Sweden"),
    "TUR": ("TR", "Türkiye"),
    "USA": ("US", "United States"),
}
NOT_OECD = ("BGR",)

# Lost in the published join only through spelling.
PT_REPAIRS = {"København": "Kobenhavn", "Geneva": "Geneve", "Palma de Mallorca": "Palma"}

PERCEPTION = {
    "city-satisfaction": "city_satisfaction_pct",
    "life-satisfaction": "life_satisfaction_pct",
    "safety-night": "safety_night_pct",
    "jobs": "jobs_pct",
    "housing": "housing_pct",
    "trust": "trust_pct",
}


def areas(files: dict[str, Path]) -> pd.DataFrame:
    """Read population, age, green area and heat by functional urban area."""
    raw = pd.read_csv(files["data/oecd-fua/oecd_fua_heat_green_age_2020_subset.csv"])
    return pd.DataFrame(
        {
            "fua_code": raw["fua_code"],
            "iso3": raw["iso3"],
            "country": raw["iso3"].map(lambda code: COUNTRIES[code][1]),
            "oecd_member": raw["iso3"].map(lambda code: "no" if code in NOT_OECD else "yes"),
            "fua_name": raw["fua_name"],
            "population": raw["population_2020"],
            "population_65plus": raw["population_65plus_2020"],
            "share_65plus_pct": 100 * raw["population_65plus_2020"] / raw["population_2020"],
            "green_area_m2_per_person": raw["green_area_m2_per_person"],
            "heat_stress_days": raw["heat_stress_days_2020"],
            "uhi_summer_night_c": raw["uhi_summer_night_c_2020"],
        }
    )


def gdp(files: dict[str, Path]) -> pd.DataFrame:
    """Read GDP per person by functional urban area, in its latest year."""
    raw = pd.read_csv(files["data/oecd-fua/oecd_fua_gdp_550.csv"])
    raw = raw.dropna(subset=["gdp_pc_ppp_usd"])
    return pd.DataFrame(
        {
            "fua_code": raw["fua_code"],
            # The source divides GDP by a figure it had derived by division: whole dollars return.
            "gdp_per_person_usd_ppp": raw["gdp_pc_ppp_usd"].round(),
            "gdp_year": raw["year"],
        }
    )


def joined_names(files: dict[str, Path]) -> pd.DataFrame:
    """Read which UN city belongs to which area, with the three repairs."""
    raw = pd.read_csv(files["data/oecd-fua/fua_merged_277.csv"])
    city = raw["un_city_name"].where(raw["un_city_name"].notna(), raw["fua_name"].map(PT_REPAIRS))
    return pd.DataFrame({"fua_code": raw["fua_code"], "iso3": raw["iso3"], "pt_city": city})


def transit(files: dict[str, Path]) -> pd.DataFrame:
    """Read access to public transport by city; repeated rows of equal content count once."""
    names = joined_names(files).dropna(subset=["pt_city"])
    raw = pd.read_csv(files["data/un-pt-access/pt-access.csv"], keep_default_na=False)
    raw["iso3"] = raw["country_iso2"].map({iso2: iso3 for iso3, (iso2, _) in COUNTRIES.items()})
    columns = ["pct_pt_access", "year", "lat", "lon"]
    for column in columns:
        raw[column] = pd.to_numeric(raw[column])
    found = names.merge(raw, left_on=["iso3", "pt_city"], right_on=["iso3", "city"], how="left")
    by_standard = raw.rename(columns={"city_std": "pt_city"}).drop(columns="city")
    missed = found[found["pct_pt_access"].isna()][["fua_code", "iso3", "pt_city"]]
    found = pd.concat(
        [found.dropna(subset=["pct_pt_access"]), missed.merge(by_standard, on=["iso3", "pt_city"])]
    )
    found = found.drop_duplicates(["fua_code", *columns])
    twice = found[found["fua_code"].duplicated(keep=False)]
    if len(twice) or len(found) != len(names):
        raise SystemExit(f"Public transport does not join one to one:\n{twice}\n{missed}")
    return found[["fua_code", "pt_city", *columns]].rename(
        columns={"pct_pt_access": "pt_access_pct", "year": "pt_access_year"}
    )


def perception(files: dict[str, Path]) -> pd.DataFrame:
    """Read the six items of the perception survey and the area each city lies in.

    The join table carries the items without the survey's city name; the six values together
    identify it, since no two cities share them.
    """
    survey = pd.read_csv(files["data/eu-city-perception/eu_cities_perception_2023.csv"])
    items = list(PERCEPTION)
    if survey.duplicated(items).any():
        raise SystemExit("Two survey cities share all six items: name the pairs by hand.")
    joined = pd.read_csv(files["data/oecd-fua/fua_merged_277.csv"])[["fua_code", *items]].dropna()
    found = joined.merge(survey[["city", *items]], on=items, how="left", validate="one_to_one")
    if found["city"].isna().any():
        raise SystemExit("A joined row has items that no survey city has.")
    return found.rename(columns={"city": "perception_city", **PERCEPTION})


def main() -> None:
    """Write the table and bring its record up to date."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--raw", type=Path, default=Path("../shared"))
    files = check_inputs(FOLDER, parser.parse_args().raw)
    table = areas(files)
    for part in (gdp(files), transit(files), perception(files)):
        table = table.merge(part, on="fua_code", how="left", validate="one_to_one")
    record = save(table.sort_values("fua_code"), FOLDER)
    print(f"{record.table}: {record.rows} rows, sha256 {record.sha256}")


if __name__ == "__main__":
    main()
