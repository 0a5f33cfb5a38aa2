"""Dagster's instance for the command line: the one of DAGSTER_HOME, or else the one in the data folder."""

import os
import shutil
from pathlib import Path

import dagster as dg

from npf_pipelines.settings import Settings

PROJECT = Path(__file__).parents[2]
"""The folder of workspace.yaml and dagster.yaml."""


class NoDagsterHome(Exception):
    """The folder that DAGSTER_HOME names doesn't exist."""


def dagster_home(settings: Settings) -> Path:
    """The instance's folder, its dagster.yaml put there if it is ours; named in the environment from now on.

    Raises:
        NoDagsterHome: the folder that the environment names doesn't exist.
        OSError: our own folder can't be written.
    """
    if given := os.environ.get("DAGSTER_HOME"):
        if not Path(given).is_dir():
            raise NoDagsterHome(f"DAGSTER_HOME is {given}, which is no folder: create it, or leave the variable out")
        return Path(given).absolute()
    home = settings.data / "dagster"
    home.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(PROJECT / "dagster.yaml", home / "dagster.yaml")
    os.environ["DAGSTER_HOME"] = str(home)
    return home


def open_instance(settings: Settings) -> dg.DagsterInstance:
    """The instance, to be used as a context manager."""
    return dg.DagsterInstance.from_config(str(dagster_home(settings)))
