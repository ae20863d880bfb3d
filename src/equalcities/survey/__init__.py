"""The OECD-style survey of city administrations: form, files, simulator, estimates.

The questionnaire is in our own wording, modelled on, not taken from, the OECD/EC survey of 72
cities, whose questionnaire and percentages are not public. Simulated responses carry no city's
name.
"""

from equalcities.survey.coverage import coverage_study
from equalcities.survey.disclosure import THRESHOLD, hidden_cells, suppress
from equalcities.survey.estimation import compare_groups, ordered_answers, ordinal_model, shares
from equalcities.survey.export import codebook, json_schema, write_xlsform, xlsform_sheets
from equalcities.survey.files import MAX_ROWS, Problem, ResponseFileError
from equalcities.survey.imputation import impute_categories, impute_indicators
from equalcities.survey.responses import Responses, read_responses, write_responses
from equalcities.survey.schema import (
    Field,
    Question,
    Questionnaire,
    Routing,
    load_questionnaire,
    questionnaire,
)
from equalcities.survey.simulation import (
    Simulation,
    Universe,
    draw_respondents,
    generating_process,
    simulate,
    simulate_universe,
)
from equalcities.survey.weighting import Weights, linearised_share, rake, weighted_interval

__all__ = [
    "MAX_ROWS",
    "THRESHOLD",
    "Field",
    "Problem",
    "Question",
    "Questionnaire",
    "ResponseFileError",
    "Responses",
    "Routing",
    "Simulation",
    "Universe",
    "Weights",
    "codebook",
    "compare_groups",
    "coverage_study",
    "draw_respondents",
    "generating_process",
    "hidden_cells",
    "impute_categories",
    "impute_indicators",
    "json_schema",
    "linearised_share",
    "load_questionnaire",
    "ordered_answers",
    "ordinal_model",
    "questionnaire",
    "rake",
    "read_responses",
    "shares",
    "simulate",
    "simulate_universe",
    "suppress",
    "weighted_interval",
    "write_responses",
    "write_xlsform",
    "xlsform_sheets",
]
